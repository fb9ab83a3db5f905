#include "flash_self_extend.h"

#include <algorithm>

#include "flash_params.h"
#include "graph/layout.h"
#include "graph/step_graph.h"
#include "graph/tensor_parts.h"
#include "masks.h"

namespace longembed {

namespace {

/// All distances that the queries of a step and keys near to them can have.
int64_t band_width(int64_t queries, int64_t window, bool causal) {
    return queries + (causal ? window - 1 : 2 * window - 2);
}

/// `count` rows of keys or values from row `first`, of some heads; `from` numbers into each row.
ggml_tensor * rows_of(ggml_context * ctx, ggml_tensor * stored, int64_t size, int64_t from, int64_t first,
                      int64_t count, int64_t first_head, int64_t heads) {
    return ggml_view_3d(ctx, stored, size, count, heads, stored->nb[1], stored->nb[2],
                        from * stored->nb[0] + first * stored->nb[1] + first_head * stored->nb[2]);
}

} // namespace

/// The keys of a step, which follow each other from row `begin`.
struct FlashSelfExtend::Axis {
    int64_t first_index; ///< of the first query, in its sequence
    int64_t queries;
    int64_t first_after; ///< index of the first key that is far after some query
    int64_t after;       ///< keys from there to the sequence's end
    int64_t unused;      ///< rows of the band before its keys
    int64_t first_near;  ///< index of the first key in the band
    int64_t near;        ///< keys in the band
    int64_t before;      ///< keys far before some query: 0 … before − 1
    int64_t padding;     ///< rows after them that the mask hides
    int64_t begin;       ///< row
    int64_t band;        ///< row of the first near key

    int64_t keys() const { return after + unused + near + before + padding; }

    /// One query sees everything on its axis, unless there is a hole.
    bool is_masked() const { return queries > 1 || unused > 0; }
};

FlashSelfExtend::FlashSelfExtend(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                                 const WorkspaceSize & size)
    : device_(device), window_(size.self_extend_window), causal_(shape.causal), head_size_(shape.head_size),
      longest_(size.longest),
      step_(device.queries_per_mask(size.longest + band_width(size.block, size.self_extend_window, shape.causal),
                                    size.block)),
      band_(band_width(step_, window_, causal_)) {
    const int64_t rows = (causal_ ? 1 : 2) * size.tokens + size.sequences * band_ + key_padding;
    const auto    kv   = [&](int64_t head_size, int64_t count) {
        return ggml_new_tensor_3d(ctx, GGML_TYPE_F16, head_size, count, shape.kv_heads);
    };
    near_keys_ = ggml_set_name(kv(head_size_, size.tokens), "near keys");
    keys_      = ggml_set_name(kv(device.doubled_key_size, rows), "keys");
    values_    = ggml_set_name(kv(device.doubled_value_size, rows), "values");

    const auto mask = [&](int64_t columns) { return ggml_new_tensor_2d(ctx, GGML_TYPE_F16, columns, step_); };
    far_mask_       = ggml_set_name(mask(longest_ + step_ + key_padding), "the mask of far keys");
    near_mask_      = mask(band_);
    hidden_mask_    = mask(band_);
    mask_           = ggml_set_name(mask(padded_keys((causal_ ? 1 : 2) * longest_ + band_)), "the mask");
}

void FlashSelfExtend::fill_masks() {
    // Keys after a query begin at the left: the first query sees the first, the second one fewer. Keys before a query
    // end at column longest + step: the last query sees all of them, the one before it one fewer.
    const int64_t end = longest_ + step_;
    fill_mask(far_mask_, [&](int64_t row, int64_t column) {
        return column >= row && column <= end - step_ + row && column < end;
    });
    const int64_t last = causal_ ? window_ - 1 : 2 * window_ - 2;
    fill_mask(near_mask_, [&](int64_t row, int64_t column) { return column >= row && column <= row + last; });
    fill_mask(hidden_mask_, [](int64_t, int64_t) { return false; });
}

void FlashSelfExtend::lay_out(const Layout & layout) {
    sequences_.clear();
    int64_t row = 0;
    for (const PackedSequence & sequence : layout.sequences) {
        sequences_.push_back({sequence.first, sequence.length, row});
        row += (causal_ ? 1 : 2) * sequence.length + band_;
    }
}

void FlashSelfExtend::store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const {
    // a block holds tokens of one sequence: attention_alignment()
    ggml_context *   ctx      = steps.ctx();
    const Sequence & sequence = sequence_of(sequences_, first);
    const int64_t    index    = first - sequence.first;
    const int64_t    after    = sequence.row + index;
    const int64_t    before   = sequence.row + (causal_ ? 0 : sequence.length) + band_ + index;

    const auto store = [&](ggml_tensor * made, ggml_tensor * stored, int64_t from, int64_t row) {
        ggml_tensor * place = rows_of(ctx, stored, made->ne[0], from, row, made->ne[2], 0, stored->ne[2]);
        steps.add(ggml_cpy(ctx, ggml_permute(ctx, made, 0, 2, 1, 3), place));
    };
    store(keys.near, near_keys_, 0, first);
    store(keys.far, keys_, head_size_, before);
    store(values, values_, 0, before);
    if (!causal_) {
        store(keys.far_after, keys_, head_size_, after);
        store(values, values_, 0, after);
    }
}

void FlashSelfExtend::attend(StepGraph & steps, int /*stream*/, const AttentionShape & shape,
                             const RotatedQueries & queries, const std::vector<AttentionRun> & runs,
                             ggml_tensor * heads) const {
    for (const AttentionRun & run : runs) {
        for (int64_t s = 0; s < run.count; ++s) {
            const Sequence & sequence = sequence_of(sequences_, run.first_key + s * run.keys);
            for (int64_t from = 0; from < run.queries; from += step_) {
                AttentionRun some = run;
                some.column       = run.column + s * run.queries + from;
                some.first_index  = run.first_index + from;
                some.queries      = std::min(step_, run.queries - from);
                attend_step(steps, shape, queries, sequence, some, heads);
            }
        }
    }
}

FlashSelfExtend::Axis FlashSelfExtend::axis_for(const Sequence & sequence, int64_t first_index, int64_t queries) const {
    const int64_t end = first_index + queries;
    Axis          axis{};
    axis.first_index = first_index;
    axis.queries     = queries;
    axis.first_after = first_index + window_;
    axis.after       = causal_ ? 0 : std::max<int64_t>(0, sequence.length - axis.first_after);
    axis.first_near  = std::max<int64_t>(0, first_index - window_ + 1);
    axis.near        = (causal_ ? end : std::min(sequence.length, end - 1 + window_)) - axis.first_near;
    axis.before      = std::max<int64_t>(0, end - window_);

    // the band's keys adjoin what there is on either side; where there is something on both, a hole remains
    const int64_t band_row = sequence.row + (causal_ ? 0 : sequence.length);
    const bool    at_left  = axis.after > 0 && axis.before == 0;
    axis.band              = at_left ? band_row : band_row + band_ - axis.near;
    axis.unused            = axis.after > 0 ? axis.band - band_row : 0;
    axis.begin             = axis.after > 0 ? sequence.row + axis.first_after : axis.band;
    axis.padding           = 0;
    if (axis.is_masked()) {
        axis.padding = padded_keys(axis.keys()) - axis.keys();
    }
    return axis;
}

void FlashSelfExtend::attend_step(StepGraph & steps, const AttentionShape & shape, const RotatedQueries & queries,
                                  const Sequence & sequence, const AttentionRun & run, ggml_tensor * heads) const {
    ggml_context * ctx  = steps.ctx();
    const Axis     axis = axis_for(sequence, run.first_index, run.queries);
    fill_band(steps, sequence, axis);
    ggml_tensor * mask = axis.is_masked() ? mask_for(steps, axis) : nullptr;
    ggml_tensor * all  = doubled(steps, queries, run.column, run.queries);

    const int64_t per_kv  = shape.heads_per_kv_head();
    const int64_t at_once = device_.kv_heads_at_once(shape.kv_heads, keys_->nb[2], axis.keys() * keys_->nb[1]);
    for (int64_t first = 0; first < shape.kv_heads; first += at_once) {
        const int64_t kv_heads = std::min(at_once, shape.kv_heads - first);
        const int64_t n        = kv_heads * per_kv;
        ggml_tensor * q =
            ggml_view_3d(ctx, all, all->ne[0], run.queries, n, all->nb[2], all->nb[1], first * per_kv * all->nb[1]);
        ggml_tensor * k = rows_of(ctx, keys_, keys_->ne[0], 0, axis.begin, axis.keys(), first, kv_heads);
        ggml_tensor * v = rows_of(ctx, values_, values_->ne[0], 0, axis.begin, axis.keys(), first, kv_heads);

        ggml_tensor * attended = ggml_flash_attn_ext(ctx, q, k, v, mask, shape.scale * run.logit_factor, 0.0f, 0.0f);
        ggml_prec_set_acc(attended, GGML_PREC_F32);
        if (axis.after == 0 && keys_->ne[0] == 2 * head_size_) {
            halves_meet_at(attended, axis.near);
        }

        // [value size, heads, queries], without what exceeds the head size
        ggml_tensor * made =
            ggml_view_3d(ctx, attended, head_size_, n, run.queries, attended->nb[1], attended->nb[2], 0);
        store_heads(steps, made, heads, run.column, first * per_kv);
    }
}

void FlashSelfExtend::fill_band(StepGraph & steps, const Sequence & sequence, const Axis & axis) const {
    ggml_context * ctx  = steps.ctx();
    const int64_t  kv   = keys_->ne[2];
    const auto     copy = [&](ggml_tensor * from, int64_t row, ggml_tensor * to) {
        steps.add(ggml_cpy(ctx, rows_of(ctx, from, head_size_, 0, row, axis.near, 0, kv),
                           rows_of(ctx, to, head_size_, 0, axis.band, axis.near, 0, kv)));
    };
    const int64_t before = sequence.row + (causal_ ? 0 : sequence.length) + band_;
    copy(near_keys_, sequence.first + axis.first_near, keys_);
    copy(values_, before + axis.first_near, values_);
}

/// @return [keys, queries]
ggml_tensor * FlashSelfExtend::mask_for(StepGraph & steps, const Axis & axis) const {
    ggml_context * ctx  = steps.ctx();
    ggml_tensor *  mask = ggml_view_2d(ctx, mask_, axis.keys(), axis.queries, axis.keys() * mask_->nb[0], 0);
    int64_t        at   = 0;

    const auto add = [&](ggml_tensor * from, int64_t row, int64_t column, int64_t count) {
        if (count > 0) {
            ggml_tensor * part =
                ggml_view_2d(ctx, from, count, axis.queries, from->nb[1], row * from->nb[1] + column * from->nb[0]);
            ggml_tensor * place = ggml_view_2d(ctx, mask_, count, axis.queries, mask->nb[1], at * mask->nb[0]);
            steps.add(ggml_cpy(ctx, part, place));
            at += count;
        }
    };
    add(far_mask_, 0, 0, axis.after);
    add(hidden_mask_, 0, 0, axis.unused);
    add(near_mask_, 0, axis.first_near - (axis.first_index - window_ + 1), axis.near);
    add(far_mask_, step_ - axis.queries, longest_ + step_ - axis.before, axis.before + axis.padding);
    return mask;
}

/// Queries `column` … of all heads: [doubled head size, heads, count].
ggml_tensor * FlashSelfExtend::doubled(StepGraph & steps, const RotatedQueries & queries, int64_t column,
                                       int64_t count) const {
    ggml_context * ctx = steps.ctx();
    ggml_tensor *  halves =
        ggml_concat(ctx, slabs(ctx, queries.near, column, count), slabs(ctx, queries.before, column, count), /*dim*/ 0);
    const int64_t zeros = keys_->ne[0] - 2 * head_size_;
    return zeros > 0 ? ggml_pad(ctx, halves, static_cast<int>(zeros), 0, 0, 0) : halves;
}

} // namespace longembed
