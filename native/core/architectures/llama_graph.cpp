#include "llama_graph.h"

#include "llama-model.h"
#include "ops/ops.h"

namespace longembed {

LlamaGraph::LlamaGraph(const llama_model & model) : weights_(model), shape_(AttentionShape::of(model)), rope_(Rope::of(model)) {
    const llama_hparams & h = model.hparams;
    eps_ = h.f_norm_rms_eps;

    token_embedding_ = weights_.required("token_embd.weight");
    output_norm_     = weights_.norm("output_norm");

    for (int i = 0; i < static_cast<int>(h.n_layer()); ++i) {
        const std::string prefix = layer_prefix(i);
        Layer layer;
        layer.attention_norm    = weights_.norm(prefix + "attn_norm");
        layer.qkv               = weights_.qkv(prefix);
        layer.attention_output  = weights_.linear(prefix + "attn_output");
        layer.feed_forward_norm = weights_.norm(prefix + "ffn_norm");
        layer.gate              = weights_.linear(prefix + "ffn_gate");
        layer.up                = weights_.linear(prefix + "ffn_up");
        layer.down              = weights_.linear(prefix + "ffn_down");
        layers_.push_back(layer);
    }
}

ggml_tensor * LlamaGraph::embed(const GraphContext & ctx, ggml_tensor * tokens, const AbsolutePositions & /*positions*/) const {
    return ggml_get_rows(ctx, token_embedding_, tokens);
}

ggml_tensor * LlamaGraph::attention_input(const GraphContext & ctx, int layer, ggml_tensor * x) const {
    return rms_norm(ctx, layers_[layer].attention_norm, x, eps_);
}

ggml_tensor * LlamaGraph::finish_layer(const GraphContext & ctx, int index, ggml_tensor * x, ggml_tensor * heads) const {
    const Layer & layer = layers_[index];

    x = add_linear(ctx, layer.attention_output, heads, x);

    ggml_tensor * normed = rms_norm(ctx, layer.feed_forward_norm, x, eps_);
    return add_swiglu_feed_forward(ctx, layer.gate, layer.up, layer.down, normed, x);
}

ggml_tensor * LlamaGraph::finish(const GraphContext & ctx, ggml_tensor * x) const {
    return rms_norm(ctx, output_norm_, x, eps_);
}

} // namespace longembed
