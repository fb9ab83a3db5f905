#pragma once

#include <cstdint>
#include <string>

#include "llama-arch.h"
#include "metadata.h"

namespace longembed {

/// The sizes that the shapes of tensors follow from.
struct ModelSizes {
    int64_t layers       = 0;
    int64_t dimensions   = 0;
    int64_t context      = 0;
    int64_t heads        = 0;
    int64_t kv_heads     = 0;
    int64_t key_size     = 0;  ///< numbers of one head's key (and query)
    int64_t value_size   = 0;
    int64_t feed_forward = 0;
    int64_t experts      = 0;

    /// All layers are alike; otherwise the heads and the feed-forward size are the first layer's.
    bool uniform = true;
};

/// Whether longembed has a graph of its own for an architecture, whose shapes it therefore knows.
bool has_own_graph(llm_arch architecture);

/// Holds the architecture's keys against what any model could have, and those of the architectures of our own graphs against
/// each other.
/// @throws InvalidFile
ModelSizes read_sizes(const Metadata & metadata, llm_arch architecture, const std::string & name);

} // namespace longembed
