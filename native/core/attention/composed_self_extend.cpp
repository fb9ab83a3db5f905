#include "composed_self_extend.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "graph/step_graph.h"
#include "graph/tensor_parts.h"

namespace longembed {

namespace {

/// Queries scored at once; band masks are this high.
constexpr int64_t queries_per_step = 64;

/// Heads are taken in at most this many groups, which bounds the operations that a block adds to a graph.
constexpr int64_t max_head_groups = 8;

/// Bytes of scores that a step holds at once: on a CPU a part of the last-level cache, so that softmax and values find
/// them there; on a GPU as many as make its operations large.
constexpr int64_t cpu_score_bytes = 8 << 20;
constexpr int64_t gpu_score_bytes = 256 << 20;

int64_t round_down(int64_t n) {
    return n / ComposedSelfExtend::alignment * ComposedSelfExtend::alignment;
}

int64_t round_up(int64_t n) {
    return round_down(n + ComposedSelfExtend::alignment - 1);
}

/// Key-value heads whose scores against `keys` are computed at once.
int64_t kv_heads_per_step(const AttentionShape & shape, int64_t keys, int64_t queries, int64_t score_bytes) {
    const int64_t bytes = keys * queries * shape.heads_per_kv_head() * static_cast<int64_t>(sizeof(float));
    const int64_t min   = (shape.kv_heads + max_head_groups - 1) / max_head_groups;
    return std::clamp(score_bytes / bytes, min, shape.kv_heads);
}

/// Floats that the scores of any step take.
int64_t max_step_scores(const AttentionShape & shape, int64_t longest, int64_t score_bytes) {
    // fewer heads at once for more keys: the maximum is at the shortest or the longest, or where the limit is met
    const int64_t limit  = score_bytes / static_cast<int64_t>(sizeof(float));
    const int64_t per_kv = round_up(longest) * queries_per_step * shape.heads_per_kv_head();
    const int64_t min    = per_kv * kv_heads_per_step(shape, round_up(longest), queries_per_step, score_bytes);
    return std::min(per_kv * shape.kv_heads, std::max(limit, min));
}

/// All distances that a step's queries and the keys in its band can have.
int64_t band_width(int64_t window, bool causal) {
    return queries_per_step + (causal ? window - 1 : 2 * window - 2) + 2 * ComposedSelfExtend::alignment;
}

/// Keys begin … end − 1 of a matrix of scores [keys, queries, heads].
ggml_tensor * part(ggml_context * ctx, ggml_tensor * scores, int64_t begin, int64_t end) {
    return ggml_view_3d(ctx, scores, end - begin, scores->ne[1], scores->ne[2], scores->nb[1], scores->nb[2],
                        begin * scores->nb[0]);
}

/// @param value_at  the value for a distance of key index − query index
template <typename ValueAt> void fill_band_mask(ggml_tensor * mask, int64_t window, ValueAt value_at) {
    if (mask == nullptr) {
        return;
    }
    std::vector<float> row(mask->ne[0]);
    for (int64_t query = 0; query < mask->ne[1]; ++query) {
        for (int64_t column = 0; column < mask->ne[0]; ++column) {
            row[column] = value_at(column - query - (window - 1) - ComposedSelfExtend::alignment);
        }
        ggml_backend_tensor_set(mask, row.data(), query * mask->nb[1], row.size() * sizeof(float));
    }
}

} // namespace

/// A few queries of one sequence against the keys they may see, for some of the heads.
struct ComposedSelfExtend::Step {
    const AttentionShape & shape;
    const RotatedQueries & all_queries;
    ggml_tensor *          heads;  ///< [head size · heads, n], written to
    ggml_tensor *          scores; ///< of the stream
    float                  logit_factor;

    int64_t column        = 0; ///< first query, in the queries and in `heads`
    int64_t first_index   = 0; ///< first query, in its sequence
    int64_t queries       = 0;
    int64_t first_key     = 0; ///< of the sequence, in packed order
    int64_t keys_end      = 0; ///< keys of the sequence
    int64_t keys          = 0; ///< of them, those that these queries may see, rounded up
    int64_t band_begin    = 0; ///< keys of the sequence that are near to some of the queries
    int64_t band_end      = 0;
    int64_t first_kv_head = 0;
    int64_t kv_heads      = 0;
};

ComposedSelfExtend::ComposedSelfExtend(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                                       const WorkspaceSize & size)
    : window_(size.self_extend_window), score_bytes_(device.is_cpu ? cpu_score_bytes : gpu_score_bytes) {
    const auto keys = [&] {
        return ggml_new_tensor_3d(ctx, device.kv_type(), shape.head_size, size.tokens, shape.kv_heads);
    };
    near_keys_ = keys();
    far_keys_  = keys();
    values_    = ggml_new_tensor_3d(ctx, device.kv_type(), size.tokens, shape.head_size, shape.kv_heads);

    const int64_t width = band_width(window_, shape.causal);
    const auto    mask  = [&] { return ggml_new_tensor_2d(ctx, GGML_TYPE_F32, width, queries_per_step); };
    near_mask_          = mask();
    before_mask_        = mask();
    after_mask_         = shape.causal ? nullptr : mask();
    causal_mask_        = shape.causal ? mask() : nullptr;
    if (!shape.causal) {
        padding_mask_ = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, alignment, queries_per_step, shape.heads);
        for (int64_t stream = 0; stream < size.streams; ++stream) {
            scores_.push_back(
                ggml_new_tensor_1d(ctx, GGML_TYPE_F32, max_step_scores(shape, size.longest, score_bytes_)));
        }
    }
}

void ComposedSelfExtend::fill_masks() {
    const bool causal = causal_mask_ != nullptr;
    fill_band_mask(near_mask_, window_, [&](int64_t distance) {
        return std::abs(distance) < window_ && !(causal && distance > 0) ? 1.0f : 0.0f;
    });
    fill_band_mask(before_mask_, window_, [&](int64_t distance) { return distance <= -window_ ? 1.0f : 0.0f; });
    fill_band_mask(after_mask_, window_, [&](int64_t distance) { return distance >= window_ ? 1.0f : 0.0f; });
    fill_band_mask(causal_mask_, window_, [&](int64_t distance) { return distance > 0 ? -INFINITY : 0.0f; });
    if (padding_mask_ != nullptr) {
        const std::vector<float> hidden(ggml_nelements(padding_mask_), -INFINITY);
        ggml_backend_tensor_set(padding_mask_, hidden.data(), 0, ggml_nbytes(padding_mask_));
    }
}

void ComposedSelfExtend::store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const {
    store_by_head(steps, keys.near, near_keys_, first);
    store_by_head(steps, keys.far, far_keys_, first);
    store_transposed(steps, values, values_, first);
}

void ComposedSelfExtend::attend(StepGraph & steps, int stream, const AttentionShape & shape,
                                const RotatedQueries & queries, const std::vector<AttentionRun> & runs,
                                ggml_tensor * heads) const {
    for (const AttentionRun & run : runs) {
        for (int64_t s = 0; s < run.count; ++s) {
            Step first{shape, queries, heads, scores_.empty() ? nullptr : scores_[stream], run.logit_factor};
            first.column      = run.column + s * run.queries;
            first.first_index = run.first_index;
            first.first_key   = run.first_key + s * run.keys;
            first.keys_end    = run.keys;
            attend_sequence(steps, first, run.queries);
        }
    }
}

void ComposedSelfExtend::attend_sequence(StepGraph & steps, const Step & first, int64_t queries) const {
    const AttentionShape & shape = first.shape;
    for (int64_t from = 0; from < queries; from += queries_per_step) {
        Step step = first;
        step.column += from;
        step.first_index += from;
        step.queries    = std::min(queries_per_step, queries - from);
        step.keys       = round_up(shape.causal ? step.first_index + step.queries : step.keys_end);
        step.band_begin = round_down(std::max<int64_t>(0, step.first_index - window_ + 1));
        step.band_end =
            shape.causal ? step.keys : std::min(step.keys, round_up(step.first_index + step.queries - 1 + window_));

        const int64_t per_step = kv_heads_per_step(shape, step.keys, step.queries, score_bytes_);
        for (step.first_kv_head = 0; step.first_kv_head < shape.kv_heads; step.first_kv_head += per_step) {
            step.kv_heads = std::min(per_step, shape.kv_heads - step.first_kv_head);
            attend_step(steps, step);
        }
    }
}

void ComposedSelfExtend::attend_step(StepGraph & steps, const Step & step) const {
    ggml_context *         ctx   = steps.ctx();
    const AttentionShape & shape = step.shape;
    const int64_t          n     = step.kv_heads * shape.heads_per_kv_head();

    ggml_tensor * scores  = shape.causal ? score_causal(steps, step) : score_both_ways(steps, step);
    ggml_tensor * weights = ggml_soft_max_ext_inplace(ctx, scores, nullptr, shape.scale * step.logit_factor, 0.0f);

    ggml_tensor * values =
        ggml_view_3d(ctx, values_, step.keys, values_->ne[1], step.kv_heads, values_->nb[1], values_->nb[2],
                     step.first_key * values_->nb[0] + step.first_kv_head * values_->nb[2]);
    ggml_tensor * attended = ggml_mul_mat(ctx, values, weights); // [head size, queries, heads]
    // weights of long texts are smaller than halves can hold
    ggml_prec_set_acc(attended, GGML_PREC_F32);

    const size_t  head = shape.head_size * step.heads->nb[0];
    ggml_tensor * place =
        ggml_view_3d(ctx, step.heads, shape.head_size, n, step.queries, head, step.heads->nb[1],
                     step.column * step.heads->nb[1] + step.first_kv_head * shape.heads_per_kv_head() * head);
    steps.add(ggml_cpy(ctx, ggml_permute(ctx, attended, 0, 2, 1, 3), place));
}

ggml_tensor * ComposedSelfExtend::score_causal(StepGraph & steps, const Step & step) const {
    ggml_context * ctx    = steps.ctx();
    ggml_tensor *  scores = score(ctx, far_keys_, step.all_queries.before, step, 0, step.keys);
    ggml_tensor *  far    = part(ctx, scores, step.band_begin, step.band_end);
    ggml_tensor *  near   = score(ctx, near_keys_, step.all_queries.near, step, step.band_begin, step.band_end);

    ggml_tensor * band = masked(ctx, near, near_mask_, step);
    band               = ggml_add(ctx, band, masked(ctx, far, before_mask_, step));
    band               = ggml_add(ctx, band, band_mask(ctx, causal_mask_, step));
    steps.add(ggml_cpy(ctx, band, far));
    return scores;
}

ggml_tensor * ComposedSelfExtend::score_both_ways(StepGraph & steps, const Step & step) const {
    ggml_context * ctx    = steps.ctx();
    const int64_t  begin  = step.band_begin;
    const int64_t  end    = step.band_end;
    ggml_tensor *  before = score(ctx, far_keys_, step.all_queries.before, step, 0, end);
    ggml_tensor *  after  = score(ctx, far_keys_, step.all_queries.after, step, begin, step.keys);
    ggml_tensor *  near   = score(ctx, near_keys_, step.all_queries.near, step, begin, end);

    ggml_tensor * band = masked(ctx, near, near_mask_, step);
    band               = ggml_add(ctx, band, masked(ctx, part(ctx, before, begin, end), before_mask_, step));
    band               = ggml_add(ctx, band, masked(ctx, part(ctx, after, 0, end - begin), after_mask_, step));

    const size_t  row = step.keys * step.scores->nb[0];
    ggml_tensor * scores =
        ggml_view_3d(ctx, step.scores, step.keys, step.queries, near->ne[2], row, row * step.queries, 0);
    const auto store = [&](ggml_tensor * from, int64_t first) {
        if (from->ne[0] > 0) {
            steps.add(ggml_cpy(ctx, from, part(ctx, scores, first, first + from->ne[0])));
        }
    };
    store(part(ctx, before, 0, begin), 0);
    store(band, begin);
    store(part(ctx, after, end - begin, step.keys - begin), end);
    if (step.keys > step.keys_end) {
        store(ggml_view_3d(ctx, padding_mask_, step.keys - step.keys_end, step.queries, near->ne[2],
                           padding_mask_->nb[1], padding_mask_->nb[2], 0),
              step.keys_end);
    }
    return scores;
}

ggml_tensor * ComposedSelfExtend::score(ggml_context * ctx, ggml_tensor * keys, ggml_tensor * queries,
                                        const Step & step, int64_t begin, int64_t end) const {
    const int64_t per_kv = step.shape.heads_per_kv_head();
    ggml_tensor * k      = ggml_view_3d(ctx, keys, keys->ne[0], end - begin, step.kv_heads, keys->nb[1], keys->nb[2],
                                        (step.first_key + begin) * keys->nb[1] + step.first_kv_head * keys->nb[2]);
    ggml_tensor * q =
        ggml_view_3d(ctx, queries, queries->ne[0], step.queries, step.kv_heads * per_kv, queries->nb[2], queries->nb[1],
                     step.column * queries->nb[2] + step.first_kv_head * per_kv * queries->nb[1]);
    // ggml's fast CPU product takes no gaps on this side
    ggml_tensor * scores = ggml_mul_mat(ctx, k, ggml_cont(ctx, q));
    // a GPU would sum them as halves, which are too coarse for large logits
    ggml_prec_set_acc(scores, GGML_PREC_F32);
    return scores;
}

ggml_tensor * ComposedSelfExtend::band_mask(ggml_context * ctx, ggml_tensor * mask, const Step & step) const {
    // the band is cut at the sequence's ends, its mask with it
    const int64_t first_column = step.band_begin - (step.first_index - window_ + 1) + alignment;
    return ggml_view_2d(ctx, mask, step.band_end - step.band_begin, step.queries, mask->nb[1],
                        first_column * mask->nb[0]);
}

ggml_tensor * ComposedSelfExtend::masked(ggml_context * ctx, ggml_tensor * scores, ggml_tensor * mask,
                                         const Step & step) const {
    return ggml_mul(ctx, scores, band_mask(ctx, mask, step));
}

} // namespace longembed
