#include "attention.h"

#include <algorithm>

#include "biased_attention.h"
#include "composed_self_extend.h"
#include "flash_attention.h"
#include "layered_attention.h"
#include "tiled_attention.h"

namespace longembed {

KeyRange seen_keys(const AttentionShape & shape, int64_t first_index, int64_t queries, int64_t keys) {
    const int64_t after_last = first_index + queries;
    return {std::max<int64_t>(0, first_index - shape.reach),
            shape.causal ? std::min(keys, after_last) : std::min(keys, after_last + shape.reach)};
}

AttentionAlignment attention_alignment(const AttentionDevice & device, bool self_extend) {
    if (device.kernels.attention != nullptr) {
        return {tile_keys, 1}; // only one stream writes to a tile of keys
    }
    return {1, self_extend ? ComposedSelfExtend::alignment : 1};
}

std::unique_ptr<Attention> make_attention(ggml_context * ctx, const AttentionDevice & device,
                                          const Architecture & architecture, const WorkspaceSize & size) {
    const AttentionShape & shape = architecture.attention(0);
    const int64_t          reach = architecture.sliding_reach();
    if (device.kernels.attention != nullptr) {
        return std::make_unique<TiledAttention>(ctx, device.kernels, shape, size);
    }
    if (shape.bias != nullptr) {
        return std::make_unique<BiasedAttention>(ctx, device, shape, size);
    }
    if (size.self_extend_window > 0) {
        auto extended = std::make_unique<ComposedSelfExtend>(ctx, device, shape, size);
        if (reach == 0) {
            return extended;
        }
        return std::make_unique<LayeredAttention>(std::move(extended),
                                                  std::make_unique<FlashAttention>(ctx, device, shape, reach, size));
    }
    return std::make_unique<FlashAttention>(ctx, device, shape, reach, size);
}

} // namespace longembed
