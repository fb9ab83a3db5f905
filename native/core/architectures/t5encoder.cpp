// `t5encoder` (GTR, Sentence-T5; arXiv 1910.10683): RMS norm before each part, a bias by distance that layer 0 has for
// all layers, logits that are not scaled, heads of a size of their own, ReLU or (T5 1.1) GeGLU with tanh. Dense layers
// may follow the pooled vector.

#include "llama-model.h"
#include "table.h"

namespace longembed {

namespace {

std::string encoder_prefix(int layer) {
    return "enc." + layer_prefix(layer);
}

class T5Encoder : public Architecture {
public:
    explicit T5Encoder(const llama_model & model)
        : weights_(model), eps_(model.hparams.f_norm_rms_eps), shape_(AttentionShape::of(model)),
          bias_(DistanceBias::t5(weights_.numbers(encoder_prefix(0) + "attn_rel_b.weight"),
                                 model.hparams.n_rel_attn_bkts, shape_.heads)),
          token_embedding_(weights_.required("token_embd.weight")), output_norm_(weights_.norm("enc.output_norm")),
          head_(Head::of(weights_)) {
        shape_.scale = 1.0f;
        shape_.bias  = &bias_;
        for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
            const std::string prefix = encoder_prefix(i);
            const bool        gated  = weights_.optional(prefix + "ffn_gate.weight") != nullptr;
            Layer             layer;
            layer.attention_norm    = weights_.norm(prefix + "attn_norm");
            layer.qkv               = weights_.qkv(prefix);
            layer.attention_output  = weights_.linear(prefix + "attn_o");
            layer.feed_forward_norm = weights_.norm(prefix + "ffn_norm");
            layer.feed_forward = weights_.feed_forward(prefix, gated ? Activation::gelu_tanh : Activation::relu, gated);
            layers_.push_back(layer);
        }
    }

    const AttentionShape & attention(int /*layer*/) const override { return shape_; }
    int                    layers() const override { return static_cast<int>(layers_.size()); }
    const Rope *           rope(int /*layer*/) const override { return nullptr; }
    const Head *           head() const override { return head_ ? &*head_ : nullptr; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                        const AbsolutePositions & /*positions*/) const override {
        return ggml_get_rows(ctx, token_embedding_, tokens);
    }

    Projections project(const GraphContext & ctx, int index, ggml_tensor * x) const override {
        const Layer & layer = layers_[index];
        return Architecture::project(ctx, layer.qkv, shape_, rms_norm(ctx, layer.attention_norm, x, eps_));
    }

    ggml_tensor * finish_layer(const GraphContext & ctx, int index, ggml_tensor * x,
                               ggml_tensor * heads) const override {
        const Layer & layer = layers_[index];

        x = accumulate_linear(ctx, layer.attention_output, heads, x);
        return accumulate_feed_forward(ctx, layer.feed_forward, rms_norm(ctx, layer.feed_forward_norm, x, eps_), x);
    }

    ggml_tensor * finish(const GraphContext & ctx, ggml_tensor * x) const override {
        return rms_norm(ctx, output_norm_, x, eps_);
    }

private:
    struct Layer {
        Norm        attention_norm;
        QkvWeights  qkv;
        Linear      attention_output;
        Norm        feed_forward_norm;
        FeedForward feed_forward;
    };

    Weights             weights_;
    float               eps_;
    AttentionShape      shape_;
    DistanceBias        bias_;
    ggml_tensor *       token_embedding_;
    Norm                output_norm_;
    std::optional<Head> head_;
    std::vector<Layer>  layers_;
};

/// Four buckets at least: two of each direction. Half of a direction's are for single distances below 128.
void check_sizes(const ModelKeys & keys, const ModelSizes & sizes) {
    keys.required("attention.relative_buckets_count", 4, 508);
    if (sizes.value_size != sizes.key_size) {
        throw keys.wrong("attention.value_length", sizes.value_size,
                         "keys are of " + std::to_string(sizes.key_size) + " numbers");
    }
    check_heads_have_own_keys(keys, sizes);
}

} // namespace

namespace architectures {

extern const ArchitectureEntry t5encoder{
    LLM_ARCH_T5ENCODER,
    Rotation::none,
    /*encodes*/ true,
    /*needs_token_types*/ false,
    /*mixes_experts*/ false,
    /*slides*/ false,
    check_sizes,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        const int64_t inner = sizes.heads * sizes.key_size;
        tensors.matrix("token_embd.weight", {sizes.dimensions, sizes.vocabulary});
        tensors.optional_matrix("output.weight", {sizes.dimensions, sizes.vocabulary}); // it predicts tokens
        tensors.plain("enc.output_norm.weight", {sizes.dimensions});
        tensors.head(sizes.dimensions);
        for (int64_t i = 0; i < sizes.layers; ++i) {
            const std::string prefix = encoder_prefix(static_cast<int>(i));
            const std::string bias   = prefix + "attn_rel_b.weight";
            const std::string gate   = prefix + "ffn_gate.weight";
            tensors.plain(prefix + "attn_norm.weight", {sizes.dimensions});
            if (i == 0 || tensors.has(bias)) {
                tensors.matrix(bias, {sizes.heads, sizes.buckets});
            }
            for (const char * name : {"attn_q", "attn_k", "attn_v"}) {
                tensors.matrix(prefix + name + ".weight", {sizes.dimensions, inner});
            }
            tensors.matrix(prefix + "attn_o.weight", {inner, sizes.dimensions});
            tensors.plain(prefix + "ffn_norm.weight", {sizes.dimensions});
            tensors.optional_matrix(gate, {sizes.dimensions, sizes.feed_forward});
            tensors.matrix(prefix + "ffn_up.weight", {sizes.dimensions, sizes.feed_forward});
            tensors.matrix(prefix + "ffn_down.weight", {sizes.feed_forward, sizes.dimensions});
        }
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> { return std::make_unique<T5Encoder>(model); },
};

} // namespace architectures

} // namespace longembed
