// `qwen3` (Qwen3-Embedding and models trained from it): Llama with an RMS norm over each head of queries and keys,
// before they are rotated in NeoX order. The file says how large a head is.

#include "llama-model.h"
#include "pre_norm_decoder.h"
#include "table.h"

namespace longembed {

namespace {

constexpr Rotation rotation = Rotation::neox;

class Qwen3 : public PreNormDecoder {
public:
    explicit Qwen3(const llama_model & model) : PreNormDecoder(model, rotation) {
        for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
            const std::string prefix = layer_prefix(i);
            norms_.push_back({weights_.norm(prefix + "attn_q_norm"), weights_.norm(prefix + "attn_k_norm")});
        }
    }

    Projections project(const GraphContext & ctx, int layer, ggml_tensor * x) const override {
        const Projections plain = PreNormDecoder::project(ctx, layer, x);
        return {rms_norm(ctx, norms_[layer].q, plain.q, eps_), rms_norm(ctx, norms_[layer].k, plain.k, eps_), plain.v};
    }

private:
    /// One for all heads of a layer, [head size].
    struct HeadNorms {
        Norm q, k;
    };

    std::vector<HeadNorms> norms_;
};

} // namespace

namespace architectures {

extern const ArchitectureEntry qwen3{
    LLM_ARCH_QWEN3,
    rotation,
    /*encodes*/ false,
    /*needs_token_types*/ false,
    /*mixes_experts*/ false,
    /*slides*/ false,
    check_heads_alike,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        PreNormDecoder::list_tensors(tensors, sizes);
        for (int64_t i = 0; i < sizes.layers; ++i) {
            const std::string prefix = layer_prefix(static_cast<int>(i));
            tensors.plain(prefix + "attn_q_norm.weight", {sizes.key_size});
            tensors.plain(prefix + "attn_k_norm.weight", {sizes.key_size});
        }
        tensors.allow("cls.output.weight"); // of a reranker; embeddings do not need it
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> { return std::make_unique<Qwen3>(model); },
};

} // namespace architectures

} // namespace longembed
