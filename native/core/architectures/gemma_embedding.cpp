// `gemma-embedding` (EmbeddingGemma; arXiv 2509.20354): Gemma 3 that attends both ways. Norms stand before and after
// each part, and over each head of queries and keys; the embedding is multiplied by √dimensions; GeGLU with tanh. Every
// sixth layer attends to everything, the others through a sliding window and with a RoPE base of their own. Two dense
// layers may follow the pooled vector.

#include <cmath>

#include "llama-model.h"
#include "table.h"

namespace longembed {

namespace {

constexpr Rotation rotation = Rotation::neox;

class GemmaEmbedding : public Architecture {
public:
    explicit GemmaEmbedding(const llama_model & model)
        : weights_(model), eps_(model.hparams.f_norm_rms_eps),
          embedding_factor_(std::sqrt(static_cast<float>(model.hparams.n_embd))),
          token_embedding_(weights_.required("token_embd.weight")), output_norm_(weights_.norm("output_norm")),
          head_(Head::of(weights_)) {
        for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
            const std::string prefix     = layer_prefix(i);
            Layer &           layer      = layers_.emplace_back();
            layer.shape                  = AttentionShape::of(model, i);
            layer.rope                   = Rope::of(model, rotation, i);
            layer.attention_norm         = weights_.norm(prefix + "attn_norm");
            layer.qkv                    = weights_.qkv(prefix);
            layer.q_norm                 = weights_.norm(prefix + "attn_q_norm");
            layer.k_norm                 = weights_.norm(prefix + "attn_k_norm");
            layer.attention_output       = weights_.linear(prefix + "attn_output");
            layer.attention_output_norm  = weights_.norm(prefix + "post_attention_norm");
            layer.feed_forward_norm      = weights_.norm(prefix + "ffn_norm");
            layer.feed_forward           = weights_.feed_forward(prefix, Activation::gelu_tanh, /*gated*/ true);
            layer.feed_forward_post_norm = weights_.norm(prefix + "post_ffw_norm");
            sliding_reach_               = layer.shape.slides() ? layer.shape.reach : sliding_reach_;
        }
    }

    const AttentionShape & attention(int layer) const override { return layers_[layer].shape; }
    int64_t                sliding_reach() const override { return sliding_reach_; }
    int                    layers() const override { return static_cast<int>(layers_.size()); }
    const Rope *           rope(int layer) const override { return &*layers_[layer].rope; }
    const Head *           head() const override { return head_ ? &*head_ : nullptr; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                        const AbsolutePositions & /*positions*/) const override {
        return ggml_scale(ctx, ggml_get_rows(ctx, token_embedding_, tokens), embedding_factor_);
    }

    Projections project(const GraphContext & ctx, int index, ggml_tensor * x) const override {
        const Layer &     layer = layers_[index];
        const Projections plain =
            Architecture::project(ctx, layer.qkv, layer.shape, rms_norm(ctx, layer.attention_norm, x, eps_));
        return {rms_norm(ctx, layer.q_norm, plain.q, eps_), rms_norm(ctx, layer.k_norm, plain.k, eps_), plain.v};
    }

    ggml_tensor * finish_layer(const GraphContext & ctx, int index, ggml_tensor * x,
                               ggml_tensor * heads) const override {
        const Layer & layer = layers_[index];

        heads = linear(ctx, layer.attention_output, heads);
        x     = ggml_add(ctx, rms_norm(ctx, layer.attention_output_norm, heads, eps_), x);

        ggml_tensor * fed = feed_forward(ctx, layer.feed_forward, rms_norm(ctx, layer.feed_forward_norm, x, eps_));
        return ggml_add(ctx, rms_norm(ctx, layer.feed_forward_post_norm, fed, eps_), x);
    }

    ggml_tensor * finish(const GraphContext & ctx, ggml_tensor * x) const override {
        return rms_norm(ctx, output_norm_, x, eps_);
    }

private:
    struct Layer {
        AttentionShape      shape;
        std::optional<Rope> rope;
        Norm                attention_norm;
        QkvWeights          qkv;
        Norm                q_norm; ///< one for all heads, [head size]
        Norm                k_norm;
        Linear              attention_output;
        Norm                attention_output_norm;
        Norm                feed_forward_norm;
        FeedForward         feed_forward;
        Norm                feed_forward_post_norm;
    };

    Weights             weights_;
    float               eps_;
    float               embedding_factor_;
    int64_t             sliding_reach_ = 0;
    ggml_tensor *       token_embedding_;
    Norm                output_norm_;
    std::optional<Head> head_;
    std::vector<Layer>  layers_;
};

void check_sizes(const ModelKeys & keys, const ModelSizes & sizes) {
    check_heads_alike(keys, sizes);
    check_sliding_window(keys, sizes, /*min*/ 2);
    // llama.cpp asserts both
    for (const char * name : {"dense_2_feat_in", "dense_3_feat_out"}) {
        const auto number = static_cast<int64_t>(keys.whole(name, 0, UINT32_MAX, sizes.dimensions));
        if (number != sizes.dimensions && number != 0) {
            throw keys.wrong(name, number, "the model has " + std::to_string(sizes.dimensions) + " dimensions");
        }
    }
}

} // namespace

namespace architectures {

extern const ArchitectureEntry gemma_embedding{
    LLM_ARCH_GEMMA_EMBEDDING,
    rotation,
    /*encodes*/ true,
    /*needs_token_types*/ false,
    /*mixes_experts*/ false,
    /*slides*/ true,
    check_sizes,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        tensors.matrix("token_embd.weight", {sizes.dimensions, sizes.vocabulary});
        tensors.optional_matrix("output.weight", {sizes.dimensions, sizes.vocabulary}); // it predicts tokens
        tensors.plain("output_norm.weight", {sizes.dimensions});
        tensors.head(sizes.dimensions);
        for (int64_t i = 0; i < sizes.layers; ++i) {
            const std::string prefix = layer_prefix(static_cast<int>(i));
            for (const char * norm : {"attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"}) {
                tensors.plain(prefix + norm + ".weight", {sizes.dimensions});
            }
            tensors.attention(prefix, sizes);
            tensors.plain(prefix + "attn_q_norm.weight", {sizes.key_size});
            tensors.plain(prefix + "attn_k_norm.weight", {sizes.key_size});
            tensors.matrix(prefix + "ffn_gate.weight", {sizes.dimensions, sizes.feed_forward});
            tensors.matrix(prefix + "ffn_up.weight", {sizes.dimensions, sizes.feed_forward});
            tensors.matrix(prefix + "ffn_down.weight", {sizes.feed_forward, sizes.dimensions});
        }
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> { return std::make_unique<GemmaEmbedding>(model); },
};

} // namespace architectures

} // namespace longembed
