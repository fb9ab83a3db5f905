#include "attention.h"

#include "composed_self_extend.h"
#include "flash_attention.h"
#include "tiled_attention.h"

namespace longembed {

AttentionAlignment attention_alignment(const AttentionDevice & device, bool self_extend) {
    if (device.kernels.attention != nullptr) {
        return {tile_keys, 1}; // only one stream writes to a tile of keys
    }
    return {1, self_extend ? ComposedSelfExtend::alignment : 1};
}

std::unique_ptr<Attention> make_attention(ggml_context * ctx, const AttentionDevice & device,
                                          const AttentionShape & shape, const WorkspaceSize & size) {
    if (device.kernels.attention != nullptr) {
        return std::make_unique<TiledAttention>(ctx, device.kernels, shape, size);
    }
    if (size.self_extend_window > 0) {
        return std::make_unique<ComposedSelfExtend>(ctx, device, shape, size);
    }
    return std::make_unique<FlashAttention>(ctx, device, shape, size);
}

} // namespace longembed
