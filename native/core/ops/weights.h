#pragma once

#include <string>

#include "ggml.h"

struct llama_model;

namespace longembed {

/// A matrix and its bias (null when the file has none): y = weight · x + bias.
struct Linear {
    ggml_tensor * weight = nullptr;
    ggml_tensor * bias   = nullptr;
};

/// Gain and shift of a normalisation (shift null for RMS norm and where the file has none).
struct Norm {
    ggml_tensor * weight = nullptr;
    ggml_tensor * bias   = nullptr;
};

/// Query, key and value projections: three matrices, or one whose rows are q, k and v in that order.
struct QkvWeights {
    Linear fused;
    Linear q, k, v;

    bool is_fused() const { return fused.weight != nullptr; }
};

/// The tensors llama.cpp loaded, by their names in the file.
class Weights {
public:
    explicit Weights(const llama_model & model) : model_(model) {}

    /// @throws Error ERR_MODEL_INVALID, naming the tensor, when the file lacks it
    ggml_tensor * required(const std::string & name) const;

    /// Null when the file lacks it.
    ggml_tensor * optional(const std::string & name) const;

    /// PREFIX.weight (required) and PREFIX.bias (optional), the bias F32
    /// @throws Error ERR_MODEL_INVALID, naming the tensor, when the file lacks one or it is of another type
    Linear linear(const std::string & prefix) const;

    /// PREFIX.weight (required) and PREFIX.bias (optional), both F32
    Norm norm(const std::string & prefix) const;

    /// attn_qkv or attn_q, attn_k, attn_v of a layer, e.g. prefix "blk.3."
    QkvWeights qkv(const std::string & prefix) const;

private:
    ggml_tensor * optional_vector(const std::string & name) const;

    const llama_model & model_;
};

/// "blk.3." for layer 3
std::string layer_prefix(int layer);

} // namespace longembed
