#include "post_norm_encoder.h"

#include "llama-model.h"
#include "ops/ops.h"

namespace longembed {

PostNormEncoder::PostNormEncoder(const llama_model & model) : weights_(model), shape_(AttentionShape::of(model)) {
    const llama_hparams & h = model.hparams;
    eps_ = h.f_norm_eps;

    token_embedding_   = weights_.required("token_embd.weight");
    segment_embedding_ = weights_.optional("token_types.weight");
    embedding_norm_    = weights_.norm("token_embd_norm");

    for (int i = 0; i < static_cast<int>(h.n_layer()); ++i) {
        const std::string prefix = layer_prefix(i);
        Layer layer;
        layer.qkv              = weights_.qkv(prefix);
        layer.attention_output = weights_.linear(prefix + "attn_output");
        layer.attention_norm   = weights_.norm(prefix + "attn_output_norm");
        layer.up               = weights_.linear(prefix + "ffn_up");
        layer.gate             = {weights_.optional(prefix + "ffn_gate.weight"), weights_.optional(prefix + "ffn_gate.bias")};
        layer.down             = weights_.linear(prefix + "ffn_down");
        layer.output_norm      = weights_.norm(prefix + "layer_output_norm");
        layers_.push_back(layer);
    }
}

ggml_tensor * PostNormEncoder::embed(const GraphContext & ctx, ggml_tensor * tokens, const AbsolutePositions & positions) const {
    ggml_tensor * x = ggml_get_rows(ctx, token_embedding_, tokens);
    if (segment_embedding_ != nullptr) {
        // one text is all "sentence A": row 0
        ggml_tensor * row = ggml_view_1d(ctx, segment_embedding_, segment_embedding_->ne[0], 0);
        x = ggml_add(ctx, x, row->type == GGML_TYPE_F32 ? row : ggml_cast(ctx, row, GGML_TYPE_F32));
    }
    x = add_positions(ctx, x, positions);
    return layer_norm(ctx, embedding_norm_, x, eps_);
}

ggml_tensor * PostNormEncoder::add_positions(const GraphContext & /*ctx*/, ggml_tensor * x, const AbsolutePositions & /*positions*/) const {
    return x;
}

ggml_tensor * PostNormEncoder::attention_input(const GraphContext & /*ctx*/, int /*layer*/, ggml_tensor * x) const {
    return x;
}

ggml_tensor * PostNormEncoder::finish_layer(const GraphContext & ctx, int index, ggml_tensor * x, ggml_tensor * heads) const {
    const Layer & layer = layers_[index];

    ggml_tensor * attended = layer_norm(ctx, layer.attention_norm, add_linear(ctx, layer.attention_output, heads, x), eps_);
    return layer_norm(ctx, layer.output_norm, add_feed_forward(ctx, layer, attended), eps_);
}

} // namespace longembed
