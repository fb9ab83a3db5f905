#include "post_norm_encoder.h"

#include "llama-model.h"

namespace longembed {

namespace {

bool is_fused(PostNormEncoder::Gate gate) {
    return gate == PostNormEncoder::Gate::first_half || gate == PostNormEncoder::Gate::second_half;
}

FeedForward feed_forward_of(Weights & weights, const std::string & prefix, const PostNormEncoder::Options & options) {
    using Gate = PostNormEncoder::Gate;
    if (is_fused(options.gate)) {
        return weights.fused_feed_forward(prefix, options.activation,
                                          options.gate == Gate::first_half ? GateHalf::first : GateHalf::second);
    }
    return weights.feed_forward(prefix, options.activation, options.gate == Gate::matrix);
}

void list_feed_forward(TensorInventory & tensors, const std::string & prefix, const ModelSizes & sizes,
                       const PostNormEncoder::Options & options) {
    tensors.linear(prefix + "ffn_up", sizes.dimensions, (is_fused(options.gate) ? 2 : 1) * sizes.feed_forward);
    tensors.linear(prefix + "ffn_down", sizes.feed_forward, sizes.dimensions);
    if (options.gate == PostNormEncoder::Gate::matrix) {
        tensors.matrix(prefix + "ffn_gate.weight", {sizes.dimensions, sizes.feed_forward});
    }
}

/// As ModelSizes::mixes_experts, of a loaded model; llama.cpp reads the key of the architectures that have it.
bool mixes_experts(const llama_model & model, int layer) {
    const uint32_t period = model.hparams.moe_every_n_layers;
    return period > 0 && static_cast<uint32_t>(layer) % period == 1;
}

} // namespace

PostNormEncoder::PostNormEncoder(const llama_model & model, const Options & options)
    : weights_(model), shape_(AttentionShape::of(model)), eps_(model.hparams.f_norm_eps),
      rope_(Rope::of(model, options.rotation)), token_embedding_(weights_.required("token_embd.weight")),
      segment_embedding_(weights_.optional("token_types.weight")), embedding_norm_(weights_.norm("token_embd_norm")) {
    for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
        const std::string prefix = layer_prefix(i);
        Layer             layer;
        layer.qkv              = weights_.qkv(prefix);
        layer.attention_output = weights_.linear(prefix + "attn_output");
        layer.attention_norm   = weights_.norm(prefix + "attn_output_norm");
        if (weights_.optional(prefix + "attn_norm_2.weight") != nullptr) {
            layer.second_attention_norm = weights_.norm(prefix + "attn_norm_2");
        }
        if (mixes_experts(model, i)) {
            layer.experts = weights_.experts(prefix);
        } else {
            layer.feed_forward = feed_forward_of(weights_, prefix, options);
        }
        layer.output_norm = weights_.norm(prefix + "layer_output_norm");
        layers_.push_back(layer);
    }
}

void PostNormEncoder::list_tensors(TensorInventory & tensors, const ModelSizes & sizes, const Options & options) {
    tensors.matrix("token_embd.weight", {sizes.dimensions, sizes.vocabulary});
    tensors.optional_matrix("token_types.weight", {sizes.dimensions, sizes.segments});
    tensors.layer_norm("token_embd_norm", sizes.dimensions);
    for (int64_t i = 0; i < sizes.layers; ++i) {
        const std::string prefix = layer_prefix(static_cast<int>(i));
        tensors.attention(prefix, sizes);
        tensors.layer_norm(prefix + "attn_output_norm", sizes.dimensions);
        if (sizes.mixes_experts(i)) {
            tensors.experts(prefix, sizes);
        } else {
            list_feed_forward(tensors, prefix, sizes, options);
        }
        tensors.layer_norm(prefix + "layer_output_norm", sizes.dimensions);
    }
    // of a classifier that may follow; embeddings do not need it
    for (const char * name : {"cls.weight", "cls.bias", "cls.output.weight", "cls.output.bias"}) {
        tensors.allow(name);
    }
}

ggml_tensor * PostNormEncoder::embed(const GraphContext & ctx, ggml_tensor * tokens,
                                     const AbsolutePositions & positions) const {
    ggml_tensor * x = ggml_get_rows(ctx, token_embedding_, tokens);
    if (segment_embedding_ != nullptr) {
        // one text is all "sentence A": row 0
        ggml_tensor * row = ggml_view_1d(ctx, segment_embedding_, segment_embedding_->ne[0], 0);
        x                 = ggml_add(ctx, x, row->type == GGML_TYPE_F32 ? row : ggml_cast(ctx, row, GGML_TYPE_F32));
    }
    x = add_positions(ctx, x, positions);
    return layer_norm(ctx, embedding_norm_, x, eps_);
}

ggml_tensor * PostNormEncoder::add_positions(const GraphContext & /*ctx*/, ggml_tensor * x,
                                             const AbsolutePositions & /*positions*/) const {
    return x;
}

Projections PostNormEncoder::project(const GraphContext & ctx, int layer, ggml_tensor * x) const {
    return Architecture::project(ctx, layers_[layer].qkv, shape_, x);
}

ggml_tensor * PostNormEncoder::finish_layer(const GraphContext & ctx, int index, ggml_tensor * x,
                                            ggml_tensor * heads) const {
    const Layer & layer = layers_[index];

    ggml_tensor * y = layer_norm(ctx, layer.attention_norm, add_linear(ctx, layer.attention_output, heads, x), eps_);
    if (layer.second_attention_norm.weight != nullptr) {
        y = layer_norm(ctx, layer.second_attention_norm, ggml_add(ctx, y, x), eps_);
    }
    y = layer.experts.router == nullptr ? add_feed_forward(ctx, layer.feed_forward, y, y)
                                        : add_experts(ctx, layer.experts, y, y);
    return layer_norm(ctx, layer.output_norm, y, eps_);
}

} // namespace longembed
