#include "flash_attention.h"

#include <algorithm>
#include <cstdlib>

#include "flash_params.h"
#include "graph/step_graph.h"
#include "graph/tensor_parts.h"
#include "masks.h"

namespace longembed {

namespace {

/// Queries of one long sequence that attend at once through a sliding window: with more, most of the keys that an
/// operation takes would be outside the window of most of its queries.
constexpr int64_t sliding_queries = 256;

/// Some heads' keys or values of a run's sequences, the same range of each.
ggml_tensor * kv_view(ggml_context * ctx, ggml_tensor * stored, const AttentionRun & run, const KeyRange & keys,
                      int64_t first_head, int64_t heads) {
    return ggml_view_4d(ctx, stored, stored->ne[0], keys.end - keys.begin, heads, run.count, stored->nb[1],
                        stored->nb[2], run.keys * stored->nb[1],
                        (run.first_key + keys.begin) * stored->nb[1] + first_head * stored->nb[2]);
}

/// Queries of one long sequence that are worth one operation on a CPU: few enough that an abort is noticed soon.
int64_t queries_per_step(const AttentionShape & shape, int64_t keys, int64_t max) {
    constexpr double  operations = 8e9; // some 60 ms at the 150 GFLOPS of ggml's flash attention on two cores
    constexpr int64_t tile       = 64;  // queries that ggml's CPU kernel takes at once
    const double      per_query  = 4.0 * static_cast<double>(keys * shape.heads * shape.head_size);
    const auto        affordable = static_cast<int64_t>(operations / per_query);
    return std::clamp(affordable / tile * tile, tile, std::max(max, tile));
}

} // namespace

FlashAttention::FlashAttention(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                               int64_t reach, const WorkspaceSize & size)
    : device_(device), step_(device.queries_per_mask(size.longest + key_padding, size.block)),
      reach_(std::min(reach, size.longest)), causal_(shape.causal) {
    const int64_t tokens = size.tokens + (shape.causal ? key_padding : 0);
    const auto    kv     = [&](const char * name) {
        return ggml_set_name(ggml_new_tensor_3d(ctx, device.kv_type(), device.flash_head_size, tokens, shape.kv_heads),
                             name);
    };
    keys_        = kv("keys");
    values_      = kv("values");
    causal_mask_ = shape.causal ? ggml_new_tensor_2d(ctx, GGML_TYPE_F16, size.longest + key_padding, step_) : nullptr;
    if (reach > 0) {
        sliding_mask_ = ggml_new_tensor_2d(ctx, GGML_TYPE_F16, 2 * reach_ + size.block, size.block);
    }
}

void FlashAttention::fill_masks() {
    const int64_t steps = causal_mask_ == nullptr ? 0 : causal_mask_->ne[0] - key_padding - causal_mask_->ne[1];
    fill_mask(causal_mask_, [&](int64_t row, int64_t column) { return column <= row + steps; });
    fill_mask(sliding_mask_, [&](int64_t row, int64_t column) {
        const int64_t distance = column - reach_ - row;
        return std::abs(distance) <= reach_ && !(causal_ && distance > 0);
    });
}

void FlashAttention::store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const {
    store_by_head(steps, keys.near, keys_, first);
    store_by_head(steps, values, values_, first);
}

void FlashAttention::attend(StepGraph & steps, int /*stream*/, const AttentionShape & shape,
                            const RotatedQueries & queries, const std::vector<AttentionRun> & runs,
                            ggml_tensor * heads) const {
    for (const AttentionRun & run : runs) {
        if (ggml_tensor * made = attend_at_once(steps, shape, queries, run)) {
            store_heads(steps, ggml_reshape_3d(steps.ctx(), made, shape.head_size, shape.heads, made->ne[1]), heads,
                        run.column);
            continue;
        }
        // several sequences attend at once where their masks are as high as they are long
        if (run.count > 1 && (shape.slides() || !causal_ || run.queries <= step_)) {
            attend_step(steps, shape, queries.near, run, heads);
            continue;
        }
        int64_t step = causal_ ? std::min(step_, run.queries) : run.queries;
        if (shape.slides()) {
            step = std::min(step, sliding_queries);
        }
        if (device_.is_cpu) {
            step = queries_per_step(shape, run.keys, step);
        }
        for (int64_t s = 0; s < run.count; ++s) {
            for (int64_t from = 0; from < run.queries; from += step) {
                AttentionRun some = run;
                some.column       = run.column + s * run.queries + from;
                some.first_index  = run.first_index + from;
                some.first_key    = run.first_key + s * run.keys;
                some.queries      = std::min(step, run.queries - from);
                some.count        = 1;
                attend_step(steps, shape, queries.near, some, heads);
            }
        }
    }
}

ggml_tensor * FlashAttention::attend_at_once(StepGraph & steps, const AttentionShape & shape,
                                             const RotatedQueries & queries, const AttentionRun & run) const {
    if (!device_.hides_later_keys || shape.slides() || keys_->ne[0] != shape.head_size) {
        return nullptr;
    }
    ggml_context * ctx  = steps.ctx();
    ggml_tensor *  all  = queries.near;
    const KeyRange seen = seen_keys(shape, run.first_index, run.queries, run.keys);

    ggml_tensor * q = ggml_view_4d(ctx, all, all->ne[0], run.queries, shape.heads, run.count, all->nb[2], all->nb[1],
                                   run.queries * all->nb[2], run.column * all->nb[2]);
    ggml_tensor * k = kv_view(ctx, keys_, run, seen, 0, shape.kv_heads);
    ggml_tensor * v = kv_view(ctx, values_, run, seen, 0, shape.kv_heads);

    ggml_tensor * attended =
        ggml_flash_attn_ext(ctx, q, k, v, /*mask*/ nullptr, shape.scale * run.logit_factor, 0.0f, 0.0f);
    ggml_prec_set_acc(attended, GGML_PREC_F32);
    hide_later_keys(attended, run.first_index);
    return steps.supports(attended)
               ? ggml_reshape_2d(ctx, attended, shape.head_size * shape.heads, run.queries * run.count)
               : nullptr;
}

void FlashAttention::attend_step(StepGraph & steps, const AttentionShape & shape, ggml_tensor * queries,
                                 const AttentionRun & run, ggml_tensor * heads) const {
    ggml_context * ctx    = steps.ctx();
    const int64_t  n      = run.queries;
    const bool     masked = (shape.causal || shape.slides()) && n > 1; // one query sees all keys in its range: no mask
    KeyRange       seen   = seen_keys(shape, run.first_index, n, run.keys);
    // rows after several sequences' keys are the next one's, and too many together
    if (masked && !shape.slides() && run.count == 1) {
        seen.end = padded_keys(seen.end);
    }

    int64_t       column  = run.column;
    const int64_t padding = keys_->ne[0] - shape.head_size;
    if (padding > 0) {
        queries = ggml_pad(ctx, slabs(ctx, queries, column, n * run.count), static_cast<int>(padding), 0, 0, 0);
        column  = 0;
    }
    ggml_tensor * mask = !masked          ? nullptr
                         : shape.slides() ? sliding_mask_for(steps, run, seen)
                                          : causal_mask_for(steps, run.first_index, n, seen.end);

    const int64_t per_kv  = shape.heads_per_kv_head();
    const size_t  bytes   = (seen.end - seen.begin + (run.count - 1) * run.keys) * keys_->nb[1];
    const int64_t at_once = device_.kv_heads_at_once(shape.kv_heads, keys_->nb[2], bytes);
    for (int64_t first = 0; first < shape.kv_heads; first += at_once) {
        const int64_t kv_heads = std::min(at_once, shape.kv_heads - first);
        const int64_t some     = kv_heads * per_kv;
        ggml_tensor * q = ggml_view_4d(ctx, queries, queries->ne[0], n, some, run.count, queries->nb[2], queries->nb[1],
                                       n * queries->nb[2], column * queries->nb[2] + first * per_kv * queries->nb[1]);
        ggml_tensor * k = kv_view(ctx, keys_, run, seen, first, kv_heads);
        ggml_tensor * v = kv_view(ctx, values_, run, seen, first, kv_heads);

        ggml_tensor * attended = ggml_flash_attn_ext(ctx, q, k, v, mask, shape.scale * run.logit_factor, 0.0f, 0.0f);
        ggml_prec_set_acc(attended, GGML_PREC_F32);
        // [padded head size, heads, n, count], without the padding
        ggml_tensor * made =
            ggml_view_3d(ctx, attended, shape.head_size, some, n * run.count, attended->nb[1], attended->nb[2], 0);
        store_heads(steps, made, heads, run.column, first * per_kv);
    }
}

ggml_tensor * FlashAttention::causal_mask_for(StepGraph & steps, int64_t first_index, int64_t queries,
                                              int64_t keys) const {
    return steps.shared({first_index, queries, keys}, [&] {
        // query first_index + r sees keys 0 … first_index + r: the part of the mask whose steps end there
        const int64_t column = causal_mask_->ne[0] - key_padding - causal_mask_->ne[1] - first_index;
        // a block's first queries need fewer columns than rows: they start on a lower step
        const int64_t row   = std::max<int64_t>(0, -column);
        const size_t  start = row * causal_mask_->nb[1] + (column + row) * causal_mask_->nb[0];
        return ggml_cont(steps.ctx(),
                         ggml_view_2d(steps.ctx(), causal_mask_, keys, queries, causal_mask_->nb[1], start));
    });
}

ggml_tensor * FlashAttention::sliding_mask_for(StepGraph & steps, const AttentionRun & run,
                                               const KeyRange & seen) const {
    const int64_t column = seen.begin - (run.first_index - reach_); // the sequence's beginning cuts the window
    const int64_t keys   = seen.end - seen.begin;
    // no causal mask begins at such a number
    return steps.shared({-1 - column, run.queries, keys}, [&] {
        ggml_tensor * part = ggml_view_2d(steps.ctx(), sliding_mask_, keys, run.queries, sliding_mask_->nb[1],
                                          column * sliding_mask_->nb[0]);
        return ggml_cont(steps.ctx(), part);
    });
}

} // namespace longembed
