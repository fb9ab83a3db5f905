#include "nomic_bert.h"

#include "ops/ops.h"

namespace longembed {

NomicBert::NomicBert(const llama_model & model) : PostNormEncoder(model), rope_(Rope::of(model)) {
    for (size_t i = 0; i < layers_.size(); ++i) {
        layers_[i].gate.weight = weights_.required(layer_prefix(static_cast<int>(i)) + "ffn_gate.weight");
    }
}

ggml_tensor * NomicBert::add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const {
    return add_swiglu_feed_forward(ctx, layer.gate, layer.up, layer.down, x, x);
}

} // namespace longembed
