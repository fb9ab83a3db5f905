#pragma once

#include <string>
#include <vector>

#include "ggml-cpp.h"
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

/// Query, key and value projections of a layer.
struct QkvWeights {
    Linear q, k, v;
};

enum class Activation {
    gelu_erf,  ///< GELU by erf, as the BERT family was trained
    gelu_tanh, ///< its approximation by tanh
    silu,
    relu,
};

/// Which half of a matrix that holds a gate and up is the gate.
enum class GateHalf { first, second };

/// A layer's feed-forward part: down · activation(up · x), or with a gate (SwiGLU, GeGLU) down · (activation(gate · x)
/// ⊙ up · x).
struct FeedForward {
    Linear     gate; ///< empty where there is none
    Linear     up;
    Linear     down;
    Activation activation;
};

/// A layer's mixture of experts: each token goes to the `used` experts that the router finds most probable, and the sum
/// of down · GELU(up · x) (GELU by erf), each times its expert's probability among all experts, comes back.
struct Experts {
    ggml_tensor * router = nullptr; ///< [in, experts]
    ggml_tensor * up     = nullptr; ///< [in, width, experts]
    ggml_tensor * down   = nullptr; ///< [width, in, experts]
    int64_t       used   = 0;
};

/// The tensors llama.cpp loaded, by their names in the file, and slices of them. What it hands out lives as long as the
/// model and the Weights do.
class Weights {
public:
    explicit Weights(const llama_model & model);

    /// @throws Error ERR_MODEL_INVALID, naming the tensor, when the file lacks it
    ggml_tensor * required(const std::string & name) const;

    /// Null when the file lacks it.
    ggml_tensor * optional(const std::string & name) const;

    /// PREFIX.weight (required) and PREFIX.bias (optional), the bias F32
    /// @throws Error ERR_MODEL_INVALID, naming the tensor, when the file lacks one or it is of another type
    Linear linear(const std::string & prefix) const;

    /// The numbers of a tensor of any type, for what is computed before the graph; zeros where the model was loaded
    /// without weights.
    /// @throws Error ERR_MODEL_INVALID, naming the tensor, when the file lacks it
    std::vector<float> numbers(const std::string & name) const;

    /// PREFIX.weight (required) and PREFIX.bias (optional), both F32
    Norm norm(const std::string & prefix) const;

    /// attn_q, attn_k and attn_v of a layer, e.g. prefix "blk.3.", or slices of its attn_qkv, whose rows are q, k and v
    /// in that order.
    QkvWeights qkv(const std::string & prefix);

    /// ffn_down and ffn_up of a layer, where ffn_up has the rows of the gate and of up
    FeedForward fused_feed_forward(const std::string & prefix, Activation activation, GateHalf gate);

    /// ffn_up, ffn_down and, where gated, ffn_gate of a layer
    FeedForward feed_forward(const std::string & prefix, Activation activation, bool gated) const;

    /// ffn_gate_inp, ffn_up_exps and ffn_down_exps of a layer
    Experts experts(const std::string & prefix) const;

private:
    ggml_tensor * optional_vector(const std::string & name) const;

    /// Rows first … first + rows − 1 of a matrix, or numbers of a vector; null of null.
    ggml_tensor * slice(ggml_tensor * tensor, int64_t first, int64_t rows);
    Linear        slice(const Linear & layer, int64_t first, int64_t rows);

    const llama_model & model_;
    ggml_context_ptr    slices_;
};

/// The names of the dense layers after pooling in a file, in order.
constexpr const char * head_layers[] = {"dense_2", "dense_3"};

/// "blk.3." for layer 3
std::string layer_prefix(int layer);

/// 3 for a tensor named "blk.3.…", or "enc.blk.3.…" as T5's files have it; −1 for what belongs to no layer.
int layer_of(const std::string & tensor);

} // namespace longembed
