#include "weights.h"

#include "error.h"
#include "llama-model.h"

namespace longembed {

namespace {

/// ggml adds and multiplies F32 rows by nothing else.
ggml_tensor * check_vector(ggml_tensor * tensor) {
    if (tensor->type != GGML_TYPE_F32) {
        throw Error(ErrorCode::model_invalid, std::string("The model's tensor \"") + tensor->name + "\" is of type " +
                                                  ggml_type_name(tensor->type) + "; gains, shifts and biases must be F32.");
    }
    return tensor;
}

} // namespace

ggml_tensor * Weights::optional(const std::string & name) const {
    // llama_model hands out const tensors; ggml's graph functions take them mutable but never write to a source
    return const_cast<ggml_tensor *>(model_.get_tensor(name.c_str()));
}

ggml_tensor * Weights::required(const std::string & name) const {
    ggml_tensor * tensor = optional(name);
    if (tensor == nullptr) {
        throw Error(ErrorCode::model_invalid, "The model file has no tensor \"" + name + "\", which its architecture needs.");
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

QkvWeights Weights::qkv(const std::string & prefix) const {
    QkvWeights weights;
    if (optional(prefix + "attn_qkv.weight") != nullptr) {
        weights.fused = linear(prefix + "attn_qkv");
        return weights;
    }
    weights.q = linear(prefix + "attn_q");
    weights.k = linear(prefix + "attn_k");
    weights.v = linear(prefix + "attn_v");
    return weights;
}

std::string layer_prefix(int layer) {
    return "blk." + std::to_string(layer) + ".";
}

} // namespace longembed
