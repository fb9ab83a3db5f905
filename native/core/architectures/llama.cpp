// `llama` (Mistral and E5-Mistral too): rotary positions in interleaved order.

#include "pre_norm_decoder.h"
#include "table.h"

namespace longembed::architectures {

namespace {

constexpr Rotation rotation = Rotation::interleaved;

} // namespace

extern const ArchitectureEntry llama{
    LLM_ARCH_LLAMA,
    rotation,
    /*encodes*/ false,
    /*needs_token_types*/ false,
    /*mixes_experts*/ false,
    /*slides*/ false,
    [](const ModelKeys &, const ModelSizes &) {},
    [](TensorInventory & tensors, const ModelSizes & sizes) {
        PreNormDecoder::list_tensors(tensors, sizes);
        tensors.optional_plain("rope_freqs.weight", {sizes.key_size / 2});
        for (const char * name : {"rope_factors_long.weight", "rope_factors_short.weight"}) {
            tensors.allow(name);
        }
    },
    [](const llama_model & model) -> std::unique_ptr<Architecture> {
        return std::make_unique<PreNormDecoder>(model, rotation);
    },
};

} // namespace longembed::architectures
