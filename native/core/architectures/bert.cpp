// `bert` (E5, GTE, BGE, Contriever, MiniLM): absolute positions, GELU.

#include "post_norm_encoder.h"
#include "table.h"

namespace longembed {

namespace {

constexpr PostNormEncoder::Options options{Rotation::none, Activation::gelu_erf, PostNormEncoder::Gate::none};

class Bert : public PostNormEncoder {
public:
    explicit Bert(const llama_model & model)
        : PostNormEncoder(model, options), position_embedding_(weights_.required("position_embd.weight")) {}

    int64_t position_rows() const override { return position_embedding_->ne[1]; }

protected:
    ggml_tensor * add_positions(const GraphContext & ctx, ggml_tensor * x,
                                const AbsolutePositions & positions) const override {
        ggml_tensor * rows = ggml_get_rows(ctx, position_embedding_, positions.lower);
        if (positions.upper != nullptr) {
            // lower + fraction · (upper − lower)
            ggml_tensor * step = ggml_sub(ctx, ggml_get_rows(ctx, position_embedding_, positions.upper), rows);
            rows               = ggml_add(ctx, rows, ggml_mul(ctx, step, positions.fraction));
        }
        return ggml_add(ctx, x, rows);
    }

private:
    ggml_tensor * position_embedding_; ///< [dimensions, rows]
};

} // namespace

namespace architectures {

extern const ArchitectureEntry bert{
    LLM_ARCH_BERT,
    options.rotation,
    /*encodes*/ true,
    /*needs_token_types*/ true,
    /*mixes_experts*/ false,
    /*slides*/ false,
    check_heads_fill_width,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        PostNormEncoder::list_tensors(tensors, sizes, options);
        tensors.matrix("position_embd.weight", {sizes.dimensions, sizes.context});
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> { return std::make_unique<Bert>(model); },
};

} // namespace architectures

} // namespace longembed
