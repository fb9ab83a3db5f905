// `nomic-bert`: BERT with rotary positions in NeoX order and SwiGLU.

#include "post_norm_encoder.h"
#include "table.h"

namespace longembed::architectures {

namespace {

constexpr PostNormEncoder::Options options{Rotation::neox, Activation::silu, PostNormEncoder::Gate::matrix};

} // namespace

extern const ArchitectureEntry nomic_bert{
    LLM_ARCH_NOMIC_BERT,
    options.rotation,
    /*encodes*/ true,
    /*needs_token_types*/ true,
    /*mixes_experts*/ false,
    /*slides*/ false,
    check_heads_fill_width,
    [](TensorInventory & tensors, const ModelSizes & sizes) { PostNormEncoder::list_tensors(tensors, sizes, options); },
    [](const llama_model & model) -> std::unique_ptr<Architecture> {
        return std::make_unique<PostNormEncoder>(model, options);
    },
};

} // namespace longembed::architectures
