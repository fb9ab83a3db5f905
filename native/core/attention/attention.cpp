#include "attention.h"

#include <algorithm>

#include "biased_attention.h"
#include "composed_self_extend.h"
#include "error.h"
#include "flash_attention.h"
#include "flash_self_extend.h"
#include "layered_attention.h"
#include "tiled_attention.h"
#include "units.h"

namespace longembed {

namespace {

/// What a mask may take on a GPU: 512 queries over 32k keys are as fast as thousands.
constexpr size_t  max_mask_bytes      = 36 << 20;
constexpr int64_t min_queries_at_once = 32;

// Blocks begin where even a number per token is aligned as any Vulkan device may ask (256 bytes): ggml's RoPE there
// reads positions from the aligned place before those of a part that begins elsewhere (docs/gpu.md).
constexpr int64_t gpu_alignment = 64;
static_assert(gpu_alignment % ComposedSelfExtend::alignment == 0);

} // namespace

int64_t AttentionDevice::queries_per_mask(int64_t columns, int64_t block) const {
    if (is_cpu) {
        return block;
    }
    const size_t  bytes   = std::min(max_mask_bytes, max_operand_bytes);
    const auto    queries = static_cast<int64_t>(bytes / sizeof(ggml_fp16_t)) / columns;
    const int64_t most    = std::max(min_queries_at_once, queries / min_queries_at_once * min_queries_at_once);
    // equal parts: a remainder of few queries would leave most of a large GPU idle
    const int64_t parts = (block + most - 1) / most;
    const int64_t each  = (block + parts - 1) / parts;
    return std::min(block, (each + min_queries_at_once - 1) / min_queries_at_once * min_queries_at_once);
}

int64_t AttentionDevice::kv_heads_at_once(int64_t heads, size_t head_bytes, size_t bytes) const {
    if (bytes > max_operand_bytes) {
        throw Error(ErrorCode::out_of_memory, "The keys of one head take " + bytes_text(bytes) +
                                                  ", and an operation of this device reads at most " +
                                                  bytes_text(max_operand_bytes) +
                                                  ". Shorter inputs, or the CPU (backend cpu), can do it.");
    }
    return std::min(heads, 1 + static_cast<int64_t>((max_operand_bytes - bytes) / std::max<size_t>(1, head_bytes)));
}

KeyRange seen_keys(const AttentionShape & shape, int64_t first_index, int64_t queries, int64_t keys) {
    const int64_t after_last = first_index + queries;
    return {std::max<int64_t>(0, first_index - shape.reach),
            shape.causal ? std::min(keys, after_last) : std::min(keys, after_last + shape.reach)};
}

AttentionAlignment attention_alignment(const AttentionDevice & device, bool self_extend) {
    if (device.kernels.attention != nullptr) {
        // a long sequence's tiles of queries are the same however it is cut
        return {tile_queries, 1};
    }
    if (!device.is_cpu) {
        return {gpu_alignment, self_extend ? gpu_alignment : 1};
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
        std::unique_ptr<Attention> extended;
        if (device.doubled_key_size > 0) {
            extended = std::make_unique<FlashSelfExtend>(ctx, device, shape, size);
        } else {
            extended = std::make_unique<ComposedSelfExtend>(ctx, device, shape, size);
        }
        if (reach == 0) {
            return extended;
        }
        return std::make_unique<LayeredAttention>(std::move(extended),
                                                  std::make_unique<FlashAttention>(ctx, device, shape, reach, size));
    }
    return std::make_unique<FlashAttention>(ctx, device, shape, reach, size);
}

} // namespace longembed
