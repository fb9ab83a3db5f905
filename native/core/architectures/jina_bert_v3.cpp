#include "jina_bert_v3.h"

#include "ops/ops.h"

namespace longembed {

JinaBertV3::JinaBertV3(const llama_model & model) : PostNormEncoder(model), rope_(Rope::of(model)) {}

ggml_tensor * JinaBertV3::add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const {
    return add_gelu_feed_forward(ctx, layer.up, layer.down, x);
}

} // namespace longembed
