#include "weights.h"

#include <cstdlib>
#include <cstring>

#include "error.h"
#include "ggml-backend.h"
#include "llama-model.h"

namespace longembed {

namespace {

/// ggml adds and multiplies F32 rows by nothing else.
ggml_tensor * check_vector(ggml_tensor * tensor) {
    if (tensor->type != GGML_TYPE_F32) {
        throw Error(ErrorCode::model_invalid, std::string("The model's tensor \"") + tensor->name + "\" is of type " +
                                                  ggml_type_name(tensor->type) +
                                                  "; gains, shifts and biases must be F32.");
    }
    return tensor;
}

} // namespace

Weights::Weights(const llama_model & model) : model_(model) {
    const size_t max_slices = 10 * model.hparams.n_layer(); // weight and bias of q, k, v, gate and up
    slices_.reset(ggml_init({max_slices * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
}

ggml_tensor * Weights::optional(const std::string & name) const {
    // llama_model hands out const tensors; ggml's graph functions take them mutable but never write to a source
    return const_cast<ggml_tensor *>(model_.get_tensor(name.c_str()));
}

ggml_tensor * Weights::required(const std::string & name) const {
    ggml_tensor * tensor = optional(name);
    if (tensor == nullptr) {
        throw Error(ErrorCode::model_invalid,
                    "The model file has no tensor \"" + name + "\", which its architecture needs.");
    }
    return tensor;
}

ggml_tensor * Weights::optional_vector(const std::string & name) const {
    ggml_tensor * tensor = optional(name);
    return tensor == nullptr ? nullptr : check_vector(tensor);
}

Linear Weights::linear(const std::string & prefix) const {
    return {required(prefix + ".weight"), optional_vector(prefix + ".bias")};
}

Norm Weights::norm(const std::string & prefix) const {
    return {check_vector(required(prefix + ".weight")), optional_vector(prefix + ".bias")};
}

QkvWeights Weights::qkv(const std::string & prefix) {
    if (optional(prefix + "attn_qkv.weight") == nullptr) {
        return {linear(prefix + "attn_q"), linear(prefix + "attn_k"), linear(prefix + "attn_v")};
    }
    const Linear  fused = linear(prefix + "attn_qkv");
    const int64_t q     = model_.hparams.n_embd_head_k() * model_.hparams.n_head();
    const int64_t k     = model_.hparams.n_embd_head_k() * model_.hparams.n_head_kv();
    const int64_t v     = model_.hparams.n_embd_head_v() * model_.hparams.n_head_kv();
    return {slice(fused, 0, q), slice(fused, q, k), slice(fused, q + k, v)};
}

FeedForward Weights::feed_forward(const std::string & prefix, Activation activation, bool gated) const {
    return {gated ? linear(prefix + "ffn_gate") : Linear{}, linear(prefix + "ffn_up"), linear(prefix + "ffn_down"),
            activation};
}

Experts Weights::experts(const std::string & prefix) const {
    return {required(prefix + "ffn_gate_inp.weight"), required(prefix + "ffn_up_exps.weight"),
            required(prefix + "ffn_down_exps.weight"), model_.hparams.n_expert_used()};
}

FeedForward Weights::fused_feed_forward(const std::string & prefix, Activation activation, GateHalf gate) {
    const Linear  both   = linear(prefix + "ffn_up");
    const int64_t half   = both.weight->ne[1] / 2;
    const Linear  first  = slice(both, 0, half);
    const Linear  second = slice(both, half, half);
    const bool    swap   = gate == GateHalf::second;
    return {swap ? second : first, swap ? first : second, linear(prefix + "ffn_down"), activation};
}

std::vector<float> Weights::numbers(const std::string & name) const {
    const ggml_tensor * tensor = required(name);
    std::vector<float>  numbers(ggml_nelements(tensor), 0.0f);
    if (tensor->data == nullptr) {
        return numbers;
    }
    std::vector<uint8_t> bytes(ggml_nbytes(tensor));
    ggml_backend_tensor_get(tensor, bytes.data(), 0, bytes.size());
    if (tensor->type == GGML_TYPE_F32) {
        std::memcpy(numbers.data(), bytes.data(), bytes.size());
    } else {
        ggml_get_type_traits(tensor->type)->to_float(bytes.data(), numbers.data(), ggml_nelements(tensor));
    }
    return numbers;
}

Linear Weights::slice(const Linear & layer, int64_t first, int64_t rows) {
    return {slice(layer.weight, first, rows), slice(layer.bias, first, rows)};
}

ggml_tensor * Weights::slice(ggml_tensor * tensor, int64_t first, int64_t rows) {
    if (tensor == nullptr) {
        return nullptr;
    }
    const bool    is_matrix = ggml_n_dims(tensor) > 1;
    const size_t  offset    = first * (is_matrix ? tensor->nb[1] : tensor->nb[0]);
    ggml_tensor * part      = is_matrix ? ggml_new_tensor_2d(slices_.get(), tensor->type, tensor->ne[0], rows)
                                        : ggml_new_tensor_1d(slices_.get(), tensor->type, rows);
    // a weight of its own to ggml, in memory that the model has already; without memory where only sizes are asked for
    part->buffer = tensor->buffer;
    part->data   = tensor->data == nullptr ? nullptr : static_cast<char *>(tensor->data) + offset;
    ggml_format_name(part, "%s[%lld]", tensor->name, static_cast<long long>(first));
    return part;
}

std::string layer_prefix(int layer) {
    return "blk." + std::to_string(layer) + ".";
}

int layer_of(const std::string & tensor) {
    for (const char * prefix : {"blk.", "enc.blk."}) {
        if (tensor.rfind(prefix, 0) == 0) {
            return std::atoi(tensor.c_str() + std::strlen(prefix));
        }
    }
    return -1;
}

} // namespace longembed
