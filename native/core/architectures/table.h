#pragma once

#include <memory>
#include <optional>
#include <string>

#include "architecture.h"
#include "llama-arch.h"
#include "model_file/hyperparameters.h"
#include "model_file/tensor_inventory.h"

struct llama_model;

namespace longembed {

/// All that is particular to an architecture with a graph of ours. A new one is a file in this folder that defines its
/// entry, and the entry's name in table.cpp.
struct ArchitectureEntry {
    llm_arch id;
    Rotation rotation;          ///< of queries and keys
    bool     encodes;           ///< every token attends to all others, whatever the file says
    bool     needs_token_types; ///< the file must say how many token types (segments) there are
    bool     mixes_experts;     ///< some of its layers may be mixtures of experts
    bool     slides;            ///< some of its layers may have a symmetric sliding window

    /// Checks the file's sizes against each other, beyond what every architecture needs.
    /// @throws InvalidFile
    void (*check_sizes)(const ModelKeys & keys, const ModelSizes & sizes);

    /// Names every tensor that the graph takes, with its shape.
    /// @throws InvalidFile
    void (*list_tensors)(TensorInventory & tensors, const ModelSizes & sizes);

    std::unique_ptr<Architecture> (*make)(const llama_model & model);
};

/// Null for architectures without a graph of ours.
const ArchitectureEntry * find_architecture(llm_arch id);

/// Whether llama.cpp's context runs every model, by the environment variable LONGEMBED_ENGINE (`llama_context`): for
/// comparisons with it.
bool prefers_llama_context();

/// Why our own graph cannot run a loaded model, or nothing when it can.
std::optional<std::string> unsupported_reason(const llama_model & model);

/// The graph pieces of a model for which there is no unsupported_reason().
std::unique_ptr<Architecture> make_architecture(const llama_model & model);

/// Whether models of the architecture that GGUF calls `name`, with a graph of ours or not, have rotary positions.
bool is_rotary(const std::string & name);

} // namespace longembed
