// `qwen2` (GTE-Qwen2, Qwen2.5 and models trained from them): Llama with biases on queries, keys and values, and rotary
// positions in NeoX order. Embedding models that attend both ways say so in the file (`qwen2.attention.causal` =
// false).

#include "pre_norm_decoder.h"
#include "table.h"

namespace longembed::architectures {

namespace {

constexpr Rotation rotation = Rotation::neox;

} // namespace

extern const ArchitectureEntry qwen2{
    LLM_ARCH_QWEN2,
    rotation,
    /*encodes*/ false,
    /*needs_token_types*/ false,
    /*mixes_experts*/ false,
    /*slides*/ false,
    check_heads_fill_width,
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        PreNormDecoder::list_tensors(tensors, sizes);
        tensors.optional_plain("output.bias", {sizes.vocabulary});
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> {
        return std::make_unique<PreNormDecoder>(model, rotation);
    },
};

} // namespace longembed::architectures
