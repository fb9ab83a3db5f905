// `jina-bert-v2` (jina-embeddings-v2; arXiv 2310.19923): BERT with a bias by distance in attention (ALiBi) in place of
// positions, and GeGLU. The models for code and for two languages also have a norm over queries and one over keys, and
// a second norm after attention; their ffn_up holds up and then the gate, as their own class multiplies them
// (up · GELU(gate)), where the ffn_up of the English models that holds both begins with the gate. llama.cpp takes the
// gate first in both.

#include "llama-model.h"
#include "post_norm_encoder.h"
#include "table.h"

namespace longembed {

namespace {

constexpr Rotation rotation = Rotation::none;

using Gate = PostNormEncoder::Gate;

/// @param has_second_norm  of attention, in layer 0
Gate gate_of(bool has_matrix, int64_t up_rows, int64_t feed_forward, bool has_second_norm) {
    if (has_matrix) {
        return Gate::matrix;
    }
    if (up_rows != 2 * feed_forward) {
        return Gate::none;
    }
    return has_second_norm ? Gate::second_half : Gate::first_half;
}

PostNormEncoder::Options options_with(Gate gate) {
    return {rotation, Activation::gelu_erf, gate};
}

Gate gate_of(const llama_model & model) {
    const auto tensor = [&](const char * name) { return model.get_tensor(("blk.0." + std::string(name)).c_str()); };
    return gate_of(tensor("ffn_gate.weight") != nullptr, tensor("ffn_up.weight")->ne[1], model.hparams.n_ff(),
                   tensor("attn_norm_2.weight") != nullptr);
}

Gate gate_of(const TensorInventory & tensors, const ModelSizes & sizes) {
    return gate_of(tensors.has("blk.0.ffn_gate.weight"), tensors.rows("blk.0.ffn_up.weight"), sizes.feed_forward,
                   tensors.has("blk.0.attn_norm_2.weight"));
}

class JinaBertV2 : public PostNormEncoder {
public:
    explicit JinaBertV2(const llama_model & model)
        : PostNormEncoder(model, options_with(gate_of(model))), bias_(DistanceBias::alibi(shape_.heads)) {
        shape_.bias = &bias_;
        for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
            const std::string prefix = layer_prefix(i);
            norms_.push_back({optional_norm(prefix + "attn_q_norm"), optional_norm(prefix + "attn_k_norm")});
        }
    }

    Projections project(const GraphContext & ctx, int layer, ggml_tensor * x) const override {
        const Projections plain = PostNormEncoder::project(ctx, layer, x);
        return {normed(ctx, norms_[layer].q, plain.q), normed(ctx, norms_[layer].k, plain.k), plain.v};
    }

private:
    /// Over all heads of a layer together, [dimensions]; empty where the file has none.
    struct Norms {
        Norm q, k;
    };

    Norm optional_norm(const std::string & name) const {
        return weights_.optional(name + ".weight") == nullptr ? Norm{} : weights_.norm(name);
    }

    ggml_tensor * normed(const GraphContext & ctx, const Norm & norm, ggml_tensor * heads) const {
        if (norm.weight == nullptr) {
            return heads;
        }
        ggml_tensor * whole = ggml_reshape_2d(ctx, heads, heads->ne[0] * heads->ne[1], heads->ne[2]);
        return ggml_reshape_3d(ctx, layer_norm(ctx, norm, whole, eps_), heads->ne[0], heads->ne[1], heads->ne[2]);
    }

    DistanceBias       bias_;
    std::vector<Norms> norms_;
};

void check_sizes(const ModelKeys & keys, const ModelSizes & sizes) {
    check_heads_fill_width(keys, sizes);
    check_heads_have_own_keys(keys, sizes);
}

} // namespace

namespace architectures {

extern const ArchitectureEntry jina_bert_v2{
    LLM_ARCH_JINA_BERT_V2,
    rotation,
    /*encodes*/ true,
    /*needs_token_types*/ true,
    /*mixes_experts*/ false,
    /*slides*/ false,
    check_sizes,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        PostNormEncoder::list_tensors(tensors, sizes, options_with(gate_of(tensors, sizes)));
        for (int64_t i = 0; i < sizes.layers; ++i) {
            const std::string prefix = layer_prefix(static_cast<int>(i));
            for (const char * name : {"attn_q_norm", "attn_k_norm", "attn_norm_2"}) {
                if (tensors.has(prefix + name + ".weight")) {
                    tensors.layer_norm(prefix + name, sizes.dimensions);
                }
            }
        }
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> { return std::make_unique<JinaBertV2>(model); },
};

} // namespace architectures

} // namespace longembed
