// `modern-bert` (ModernBERT, gte-modernbert, granite-embedding-r2; arXiv 2412.13663): BERT with rotary positions in
// NeoX order, a norm before each part, GeGLU, and no biases. Every third layer attends to everything, the others
// through a sliding window and with a RoPE base of their own. The norm after the embedding is the one before layer 0's
// attention.

#include "llama-model.h"
#include "table.h"

namespace longembed {

namespace {

constexpr Rotation rotation = Rotation::neox;

/// GeGLU, or what the file names: granite-embedding-r2's smallest model has SwiGLU.
Activation activation_of(const llama_model & model) {
    return model.hparams.llm_ffn_op == LLM_FFN_SWIGLU ? Activation::silu : Activation::gelu_erf;
}

class ModernBert : public Architecture {
public:
    explicit ModernBert(const llama_model & model)
        : weights_(model), eps_(model.hparams.f_norm_eps), token_embedding_(weights_.required("token_embd.weight")),
          embedding_norm_(weights_.norm("token_embd_norm")), output_norm_(weights_.norm("output_norm")) {
        for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
            const std::string prefix = layer_prefix(i);
            Layer &           layer  = layers_.emplace_back();
            layer.shape              = AttentionShape::of(model, i);
            layer.rope               = Rope::of(model, rotation, i);
            if (weights_.optional(prefix + "attn_norm.weight") != nullptr) {
                layer.attention_norm = weights_.norm(prefix + "attn_norm");
            }
            layer.qkv               = weights_.qkv(prefix);
            layer.attention_output  = weights_.linear(prefix + "attn_output");
            layer.feed_forward_norm = weights_.norm(prefix + "ffn_norm");
            layer.feed_forward      = weights_.fused_feed_forward(prefix, activation_of(model), GateHalf::first);
            sliding_reach_          = layer.shape.slides() ? layer.shape.reach : sliding_reach_;
        }
    }

    const AttentionShape & attention(int layer) const override { return layers_[layer].shape; }
    int64_t                sliding_reach() const override { return sliding_reach_; }
    int                    layers() const override { return static_cast<int>(layers_.size()); }
    const Rope *           rope(int layer) const override { return &*layers_[layer].rope; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                        const AbsolutePositions & /*positions*/) const override {
        return layer_norm(ctx, embedding_norm_, ggml_get_rows(ctx, token_embedding_, tokens), eps_);
    }

    Projections project(const GraphContext & ctx, int index, ggml_tensor * x) const override {
        const Layer & layer = layers_[index];
        if (layer.attention_norm.weight != nullptr) {
            x = layer_norm(ctx, layer.attention_norm, x, eps_);
        }
        return Architecture::project(ctx, layer.qkv, layer.shape, x);
    }

    ggml_tensor * finish_layer(const GraphContext & ctx, int index, ggml_tensor * x,
                               ggml_tensor * heads) const override {
        const Layer & layer = layers_[index];

        x = accumulate_linear(ctx, layer.attention_output, heads, x);
        return accumulate_feed_forward(ctx, layer.feed_forward, layer_norm(ctx, layer.feed_forward_norm, x, eps_), x);
    }

    ggml_tensor * finish(const GraphContext & ctx, ggml_tensor * x) const override {
        return layer_norm(ctx, output_norm_, x, eps_);
    }

private:
    struct Layer {
        AttentionShape      shape;
        std::optional<Rope> rope;
        Norm                attention_norm; ///< empty in layer 0
        QkvWeights          qkv;
        Linear              attention_output;
        Norm                feed_forward_norm;
        FeedForward         feed_forward;
    };

    Weights            weights_;
    float              eps_;
    int64_t            sliding_reach_ = 0;
    ggml_tensor *      token_embedding_;
    Norm               embedding_norm_;
    Norm               output_norm_;
    std::vector<Layer> layers_;
};

void check_sizes(const ModelKeys & keys, const ModelSizes & sizes) {
    check_heads_fill_width(keys, sizes);
    check_sliding_window(keys, sizes, /*min*/ 0);
    keys.one_of("hidden_activation", {"gelu", "geglu", "silu", "swish", "swiglu"});
    check_heads_have_own_keys(keys, sizes);
}

} // namespace

namespace architectures {

extern const ArchitectureEntry modern_bert{
    LLM_ARCH_MODERN_BERT,
    rotation,
    /*encodes*/ true,
    /*needs_token_types*/ false,
    /*mixes_experts*/ false,
    /*slides*/ true,
    check_sizes,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        tensors.matrix("token_embd.weight", {sizes.dimensions, sizes.vocabulary});
        tensors.plain("token_embd_norm.weight", {sizes.dimensions});
        tensors.plain("output_norm.weight", {sizes.dimensions});
        for (int64_t i = 0; i < sizes.layers; ++i) {
            const std::string prefix = layer_prefix(static_cast<int>(i));
            const std::string norm   = prefix + "attn_norm.weight";
            i == 0 ? tensors.optional_plain(norm, {sizes.dimensions}) : tensors.plain(norm, {sizes.dimensions});
            tensors.matrix(prefix + "attn_qkv.weight", {sizes.dimensions, 3 * sizes.dimensions});
            tensors.matrix(prefix + "attn_output.weight", {sizes.dimensions, sizes.dimensions});
            tensors.plain(prefix + "ffn_norm.weight", {sizes.dimensions});
            tensors.matrix(prefix + "ffn_up.weight", {sizes.dimensions, 2 * sizes.feed_forward});
            tensors.matrix(prefix + "ffn_down.weight", {sizes.feed_forward, sizes.dimensions});
        }
        // of a classifier that may follow; embeddings do not need it
        for (const char * name : {"cls.weight", "cls.norm.weight", "cls.output.weight", "cls.output.bias"}) {
            tensors.allow(name);
        }
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> { return std::make_unique<ModernBert>(model); },
};

} // namespace architectures

} // namespace longembed
