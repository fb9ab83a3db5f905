#include "weights.h"

#include "error.h"
#include "llama-model.h"

namespace longembed {

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

Linear Weights::linear(const std::string & prefix) const {
    return {required(prefix + ".weight"), optional(prefix + ".bias")};
}

Norm Weights::norm(const std::string & prefix) const {
    return {required(prefix + ".weight"), optional(prefix + ".bias")};
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
