#include "biased_attention.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "graph/layout.h"
#include "graph/step_graph.h"
#include "graph/tensor_parts.h"

namespace longembed {

namespace {

// Queries whose scores are computed at once: as many as the limits below allow, few enough for the mask to be small,
// and enough that a block's graph stays small however long the text is.
constexpr int64_t min_rows = 8;
constexpr int64_t max_rows = 64;

constexpr int64_t max_mask_bytes  = 64 << 20;
constexpr int64_t cpu_score_bytes = 8 << 20; // a part of the last-level cache
constexpr int64_t gpu_score_bytes = 256 << 20;

/// ALiBi's largest bias, from which ggml's softmax derives the same slopes as DistanceBias::alibi.
constexpr float alibi_max_bias = 8.0f;

int64_t rows_for(int64_t bytes, int64_t bytes_per_row) {
    return std::clamp(bytes / bytes_per_row, min_rows, max_rows);
}

/// What the device reads at once, where that is less.
int64_t at_most(const AttentionDevice & device, int64_t bytes) {
    return static_cast<int64_t>(std::min<size_t>(bytes, device.max_operand_bytes));
}

/// Any Vulkan device takes an operand that begins at a multiple of this.
constexpr int64_t operand_alignment = 256;

/// The smallest number of rows that take a multiple of it.
int64_t rows_between_aligned(int64_t row_bytes) {
    return operand_alignment / std::gcd(operand_alignment, row_bytes);
}

int64_t mask_heads(const DistanceBias & bias) {
    return bias.table.empty() ? 1 : bias.heads;
}

} // namespace

BiasedAttention::BiasedAttention(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                                 const WorkspaceSize & size)
    : bias_(*shape.bias), longest_(size.longest),
      score_bytes_(device.is_cpu ? cpu_score_bytes : at_most(device, gpu_score_bytes)), head_size_(shape.head_size),
      kv_heads_(shape.kv_heads), row_alignment_(rows_between_aligned(
                                     head_size_ * kv_heads_ * static_cast<int64_t>(ggml_type_size(device.kv_type())))) {
    const int64_t rows_of_all = size.tokens + size.sequences * (row_alignment_ - 1);
    const auto    kv          = [&](const char * name) {
        return ggml_set_name(ggml_new_tensor_2d(ctx, device.kv_type(), head_size_ * kv_heads_, rows_of_all), name);
    };
    keys_   = kv("keys");
    values_ = kv("values");

    const int64_t heads = mask_heads(bias_);
    const int64_t width = 2 * longest_;
    const int64_t rows = rows_for(at_most(device, max_mask_bytes), width * heads * static_cast<int64_t>(sizeof(float)));
    mask_              = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, width, rows, heads);
}

void BiasedAttention::fill_masks() {
    std::vector<float> row(mask_->ne[0]);
    for (int64_t head = 0; head < mask_->ne[2]; ++head) {
        for (int64_t r = 0; r < mask_->ne[1]; ++r) {
            for (int64_t column = 0; column < mask_->ne[0]; ++column) {
                const int64_t distance = column - longest_ - r;
                row[column] = bias_.table.empty() ? -static_cast<float>(std::abs(distance)) : bias_.at(head, distance);
            }
            ggml_backend_tensor_set(mask_, row.data(), head * mask_->nb[2] + r * mask_->nb[1],
                                    row.size() * sizeof(float));
        }
    }
}

void BiasedAttention::lay_out(const Layout & layout) {
    sequences_.clear();
    int64_t row = 0;
    for (const PackedSequence & sequence : layout.sequences) {
        sequences_.push_back({sequence.first, sequence.length, row});
        row += round_up(sequence.length, row_alignment_);
    }
}

void BiasedAttention::store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const {
    ggml_context * ctx = steps.ctx();
    // a block may hold several sequences
    for (int64_t from = 0; from < values->ne[2];) {
        const Sequence & sequence = sequence_of(sequences_, first + from);
        const int64_t    index    = first + from - sequence.first;
        const int64_t    count    = std::min(values->ne[2] - from, sequence.length - index);
        ggml_tensor *    k        = ggml_permute(ctx, slabs(ctx, keys.near, from, count), 0, 2, 1, 3);
        ggml_tensor *    v        = ggml_permute(ctx, slabs(ctx, values, from, count), 1, 2, 0, 3);
        steps.add(ggml_cpy(ctx, k, keys_of(ctx, sequence, index, count)));
        steps.add(ggml_cpy(ctx, v, values_of(ctx, sequence, index, count)));
        from += count;
    }
}

/// Those of a sequence's tokens `from` …: [head size, count, kv heads].
ggml_tensor * BiasedAttention::keys_of(ggml_context * ctx, const Sequence & sequence, int64_t from,
                                       int64_t count) const {
    const size_t row = head_size_ * keys_->nb[0];
    return ggml_view_3d(ctx, keys_, head_size_, count, kv_heads_, row, sequence.length * row,
                        sequence.row * keys_->nb[1] + from * row);
}

/// The same: [count, head size, kv heads].
ggml_tensor * BiasedAttention::values_of(ggml_context * ctx, const Sequence & sequence, int64_t from,
                                         int64_t count) const {
    const size_t row = sequence.length * values_->nb[0];
    return ggml_view_3d(ctx, values_, count, head_size_, kv_heads_, row, head_size_ * row,
                        sequence.row * values_->nb[1] + from * values_->nb[0]);
}

void BiasedAttention::attend(StepGraph & steps, int /*stream*/, const AttentionShape & shape,
                             const RotatedQueries & queries, const std::vector<AttentionRun> & runs,
                             ggml_tensor * heads) const {
    for (const AttentionRun & run : runs) {
        const int64_t per_row = run.keys * shape.heads * static_cast<int64_t>(sizeof(float));
        const int64_t step    = std::min(mask_->ne[1], rows_for(score_bytes_, per_row));
        for (int64_t sequence = 0; sequence < run.count; ++sequence) {
            for (int64_t from = 0; from < run.queries; from += step) {
                AttentionRun some = run;
                some.column       = run.column + sequence * run.queries + from;
                some.first_index  = run.first_index + from;
                some.queries      = std::min(step, run.queries - from);
                some.first_key    = run.first_key + sequence * run.keys;
                attend_step(steps, shape, queries.near, some, heads);
            }
        }
    }
}

void BiasedAttention::attend_step(StepGraph & steps, const AttentionShape & shape, ggml_tensor * queries,
                                  const AttentionRun & run, ggml_tensor * heads) const {
    ggml_context *   ctx      = steps.ctx();
    const Sequence & sequence = sequence_of(sequences_, run.first_key);
    ggml_tensor *    k        = keys_of(ctx, sequence, 0, run.keys);
    ggml_tensor *    v        = values_of(ctx, sequence, 0, run.keys);
    ggml_tensor *    q        = ggml_view_3d(ctx, queries, queries->ne[0], run.queries, queries->ne[1], queries->nb[2],
                                             queries->nb[1], run.column * queries->nb[2]);

    // ggml's fast CPU product takes no gaps on this side
    ggml_tensor * scores = ggml_mul_mat(ctx, k, ggml_cont(ctx, q));
    // a GPU would sum them as halves
    ggml_prec_set_acc(scores, GGML_PREC_F32);
    ggml_tensor * bias     = bias_for(steps, run.first_index, run.queries, run.keys);
    ggml_tensor * weights  = ggml_soft_max_ext_inplace(ctx, scores, bias, shape.scale * run.logit_factor,
                                                      bias_.table.empty() ? alibi_max_bias : 0.0f);
    ggml_tensor * attended = ggml_mul_mat(ctx, v, weights); // [head size, queries, heads]
    ggml_prec_set_acc(attended, GGML_PREC_F32);
    store_heads(steps, ggml_permute(ctx, attended, 0, 2, 1, 3), heads, run.column);
}

ggml_tensor * BiasedAttention::bias_for(StepGraph & steps, int64_t first_index, int64_t queries, int64_t keys) const {
    return steps.shared({first_index, queries, keys}, [&] {
        ggml_tensor * part = ggml_view_3d(steps.ctx(), mask_, keys, queries, mask_->ne[2], mask_->nb[1], mask_->nb[2],
                                          (longest_ - first_index) * mask_->nb[0]);
        return ggml_cont(steps.ctx(), part);
    });
}

} // namespace longembed
