#include "flash_attention.h"

#include <algorithm>

namespace longembed {

namespace {

ggml_tensor * kv_view(ggml_context * ctx, ggml_tensor * buffer, const Segment & segment, int64_t keys) {
    return ggml_view_4d(ctx, buffer, buffer->ne[0], keys, buffer->ne[2], segment.count, buffer->nb[1], buffer->nb[2],
                        segment.keys * buffer->nb[1], segment.first_key * buffer->nb[1]);
}

} // namespace

ggml_tensor * Attention::gather(ggml_context * ctx, ggml_tensor * queries, int64_t offset, const Segment & segment, int64_t first_index,
                                float logit_factor) {
    const int64_t n      = segment.queries;
    const bool    masked = shape_.causal && n > 1; // one query sees all keys up to itself: no mask
    const int64_t seen   = shape_.causal ? first_index + n : segment.keys;
    // rows after several sequences' keys are the next one's, and too many together
    const int64_t keys   = masked && segment.count == 1 ? (seen + key_padding - 1) / key_padding * key_padding : seen;

    const int64_t padding = workspace_.keys->ne[0] - shape_.head_size;
    if (padding > 0) {
        queries = ggml_pad(ctx, ggml_view_3d(ctx, queries, queries->ne[0], queries->ne[1], n * segment.count, queries->nb[1], queries->nb[2], offset * queries->nb[2]),
                           static_cast<int>(padding), 0, 0, 0);
        offset  = 0;
    }
    ggml_tensor * q = ggml_view_4d(ctx, queries, queries->ne[0], n, queries->ne[1], segment.count, queries->nb[2], queries->nb[1],
                                   n * queries->nb[2], offset * queries->nb[2]);
    ggml_tensor * k = kv_view(ctx, workspace_.keys, segment, keys);
    ggml_tensor * v = kv_view(ctx, workspace_.values, segment, keys);

    ggml_tensor * mask     = masked ? causal_mask(ctx, first_index, n, keys) : nullptr;
    ggml_tensor * gathered = ggml_flash_attn_ext(ctx, q, k, v, mask, shape_.scale * logit_factor, 0.0f, 0.0f);
    ggml_prec_set_acc(gathered, GGML_PREC_F32);
    // [kept head size, heads, n, count], without what is padding
    return ggml_view_3d(ctx, gathered, shape_.head_size, shape_.heads, n * segment.count, gathered->nb[1], gathered->nb[2], 0);
}

ggml_tensor * Attention::causal_mask(ggml_context * ctx, int64_t first_index, int64_t queries, int64_t keys) {
    ggml_tensor *& mask = masks_[{first_index, queries, keys}];
    if (mask == nullptr) {
        // query first_index + r sees keys 0 … first_index + r: the staircase, moved so that its steps end there
        const ggml_tensor * stairs = workspace_.staircase;
        const int64_t       column = stairs->ne[0] - key_padding - stairs->ne[1] - first_index;
        // a block's first queries need fewer columns than rows: they start on a lower step
        const int64_t row   = std::max<int64_t>(0, -column);
        const size_t  start = row * stairs->nb[1] + (column + row) * stairs->nb[0];
        mask = ggml_cont(ctx, ggml_view_2d(ctx, workspace_.staircase, keys, queries, stairs->nb[1], start));
    }
    return mask;
}

int64_t Attention::queries_per_step(const AttentionShape & shape, int64_t keys, int64_t most) {
    constexpr double  operations = 8e9; // some 60 ms at the 150 GFLOPS of ggml's flash attention on two cores
    constexpr int64_t tile       = 64;  // queries that ggml's CPU kernel takes at once
    const double      per_query  = 4.0 * static_cast<double>(keys * shape.heads * shape.head_size);
    const auto        affordable = static_cast<int64_t>(operations / per_query);
    return std::clamp(affordable / tile * tile, tile, std::max(most, tile));
}

} // namespace longembed
