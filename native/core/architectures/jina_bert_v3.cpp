// `jina-bert-v3` (E5-RoPE as GGUF): BERT with rotary positions in NeoX order.

#include "post_norm_encoder.h"
#include "table.h"

namespace longembed::architectures {

namespace {

constexpr PostNormEncoder::Options options{Rotation::neox, Activation::gelu_erf, PostNormEncoder::Gate::none};

} // namespace

extern const ArchitectureEntry jina_bert_v3{
    LLM_ARCH_JINA_BERT_V3,
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
