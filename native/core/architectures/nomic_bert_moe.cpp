// `nomic-bert-moe`: BERT with rotary positions in NeoX order, GELU by erf, and mixtures of experts in every n-th layer.
// The router takes the softmax over all experts and does not normalise what is left after the choice. The original adds
// one more bias to what the experts of a layer give; llama.cpp's converter leaves it out, so that no file has it.

#include "post_norm_encoder.h"
#include "table.h"

namespace longembed::architectures {

namespace {

constexpr PostNormEncoder::Options options{Rotation::neox, Activation::gelu_erf, PostNormEncoder::Gate::none};

} // namespace

extern const ArchitectureEntry nomic_bert_moe{
    LLM_ARCH_NOMIC_BERT_MOE,
    options.rotation,
    /*encodes*/ true,
    /*needs_token_types*/ true,
    /*mixes_experts*/ true,
    /*slides*/ false,
    check_heads_fill_width,
    [](TensorInventory & tensors, const ModelSizes & sizes) { PostNormEncoder::list_tensors(tensors, sizes, options); },
    [](const llama_model & model) -> std::unique_ptr<Architecture> {
        return std::make_unique<PostNormEncoder>(model, options);
    },
};

} // namespace longembed::architectures
