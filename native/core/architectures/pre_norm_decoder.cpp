#include "pre_norm_decoder.h"

#include "llama-model.h"

namespace longembed {

PreNormDecoder::PreNormDecoder(const llama_model & model, Rotation rotation)
    : weights_(model), eps_(model.hparams.f_norm_rms_eps), shape_(AttentionShape::of(model)),
      rope_(Rope::of(model, rotation)), token_embedding_(weights_.required("token_embd.weight")),
      output_norm_(weights_.norm("output_norm")) {
    for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
        const std::string prefix = layer_prefix(i);
        Layer             layer;
        layer.attention_norm    = weights_.norm(prefix + "attn_norm");
        layer.qkv               = weights_.qkv(prefix);
        layer.attention_output  = weights_.linear(prefix + "attn_output");
        layer.feed_forward_norm = weights_.norm(prefix + "ffn_norm");
        layer.feed_forward      = weights_.feed_forward(prefix, Activation::silu, /*gated*/ true);
        layers_.push_back(layer);
    }
}

void PreNormDecoder::list_tensors(TensorInventory & tensors, const ModelSizes & sizes) {
    tensors.matrix("token_embd.weight", {sizes.dimensions, sizes.vocabulary});
    // of the head that predicts tokens; where it is missing, the token embedding takes its place
    tensors.optional_matrix("output.weight", {sizes.dimensions, sizes.vocabulary});
    tensors.plain("output_norm.weight", {sizes.dimensions});
    for (int64_t i = 0; i < sizes.layers; ++i) {
        const std::string prefix = layer_prefix(static_cast<int>(i));
        tensors.plain(prefix + "attn_norm.weight", {sizes.dimensions});
        tensors.attention(prefix, sizes);
        tensors.plain(prefix + "ffn_norm.weight", {sizes.dimensions});
        tensors.linear(prefix + "ffn_gate", sizes.dimensions, sizes.feed_forward);
        tensors.linear(prefix + "ffn_up", sizes.dimensions, sizes.feed_forward);
        tensors.linear(prefix + "ffn_down", sizes.feed_forward, sizes.dimensions);
    }
}

ggml_tensor * PreNormDecoder::embed(const GraphContext & ctx, ggml_tensor * tokens,
                                    const AbsolutePositions & /*positions*/) const {
    return ggml_get_rows(ctx, token_embedding_, tokens);
}

Projections PreNormDecoder::project(const GraphContext & ctx, int index, ggml_tensor * x) const {
    const Layer & layer = layers_[index];
    return Architecture::project(ctx, layer.qkv, shape_, rms_norm(ctx, layer.attention_norm, x, eps_));
}

ggml_tensor * PreNormDecoder::finish_layer(const GraphContext & ctx, int index, ggml_tensor * x,
                                           ggml_tensor * heads) const {
    const Layer & layer = layers_[index];

    x = accumulate_linear(ctx, layer.attention_output, heads, x);
    return accumulate_feed_forward(ctx, layer.feed_forward, rms_norm(ctx, layer.feed_forward_norm, x, eps_), x);
}

ggml_tensor * PreNormDecoder::finish(const GraphContext & ctx, ggml_tensor * x) const {
    return rms_norm(ctx, output_norm_, x, eps_);
}

} // namespace longembed
