#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "invalid_file.h"
#include "llama-arch.h"
#include "metadata.h"

namespace longembed {

/// The sizes that the shapes of tensors follow from. Where the layers of an architecture without a graph of ours
/// differ, the heads and the feed-forward size are the first one's.
struct ModelSizes {
    int64_t layers         = 0;
    int64_t dimensions     = 0;
    int64_t context        = 0;
    int64_t heads          = 0;
    int64_t kv_heads       = 0;
    int64_t key_size       = 0; ///< numbers of one head's key (and query)
    int64_t value_size     = 0;
    int64_t feed_forward   = 0;
    int64_t experts        = 0;
    int64_t mixture_period = 0; ///< of layers 1, 1 + period … that are mixtures of experts; 0: none is
    int64_t vocabulary     = 0; ///< tokens
    int64_t buckets        = 0; ///< of distances (T5); 0 when the file does not say
    int64_t segments       = 0; ///< rows of the token-type matrix; 0 when the file does not say

    /// Whether a layer is a mixture of experts, where the graph is ours.
    bool mixes_experts(int64_t layer) const { return mixture_period > 0 && layer % mixture_period == 1; }
};

/// The keys of a file's architecture, "bert.context_length" and so on: NAME stands for what follows the dot. Each is
/// checked against a range as it is read.
class ModelKeys {
public:
    ModelKeys(const Metadata & metadata, const std::string & architecture)
        : metadata_(metadata), prefix_(architecture + ".") {}

    /// Refuses infinities and NaN in any key.
    /// @throws InvalidFile; so do the others
    void check_finite() const;

    /// @return the number, or `fallback` where there is no such key
    uint64_t whole(const std::string & name, uint64_t min, uint64_t max, uint64_t fallback) const;

    uint64_t required(const std::string & name, uint64_t min, uint64_t max) const;

    /// @return a number a layer, or one for all; empty where there is no such key
    std::vector<uint64_t> per_layer(const std::string & name, uint64_t layers, uint64_t min, uint64_t max) const;

    void real(const std::string & name, double min, double max) const;
    void one_of(const std::string & name, const std::vector<std::string> & choices) const;

    /// The error that says why a key's number cannot be.
    InvalidFile wrong(const std::string & name, uint64_t number, const std::string & why) const;

private:
    void check(const std::string & name, double number, double min, double max) const;

    const Metadata & metadata_;
    std::string      prefix_;
};

/// Reads the architecture's sizes and checks its keys: each against what any model could have, and where the graph is
/// ours, against each other.
/// @param vocabulary  tokens
/// @throws InvalidFile
ModelSizes read_sizes(const Metadata & metadata, llm_arch architecture, const std::string & name, int64_t vocabulary);

/// A rule of many architectures: the heads' keys together are as wide as the model.
/// @throws InvalidFile
void check_heads_fill_width(const ModelKeys & keys, const ModelSizes & sizes);

/// Another: heads are rotated whole, and as wide for values as for keys. llama.cpp asserts both.
/// @throws InvalidFile
void check_heads_alike(const ModelKeys & keys, const ModelSizes & sizes);

/// Another: no heads share keys and values.
/// @throws InvalidFile
void check_heads_have_own_keys(const ModelKeys & keys, const ModelSizes & sizes);

/// What a model with sliding-window layers may say of them: a window of two tokens at least, or where `min` is 0 none,
/// and the same sizes as in the other layers.
/// @throws InvalidFile
void check_sliding_window(const ModelKeys & keys, const ModelSizes & sizes, uint64_t min);

} // namespace longembed
