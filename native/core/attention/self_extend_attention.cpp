#include "self_extend_attention.h"

#include <algorithm>

#include "graph/step_graph.h"

namespace longembed {

namespace {

// Heads are taken in at most so many groups, which bounds the operations that a block adds to a graph.
constexpr int64_t most_head_groups = 8;

/// Key-value heads whose scores against `keys` are made at once.
int64_t kv_heads_at_once(const AttentionShape & shape, int64_t keys, int64_t queries, int64_t score_bytes) {
    const int64_t bytes  = keys * queries * (shape.heads / shape.kv_heads) * static_cast<int64_t>(sizeof(float));
    const int64_t fewest = (shape.kv_heads + most_head_groups - 1) / most_head_groups;
    return std::clamp(score_bytes / bytes, fewest, shape.kv_heads);
}

int64_t round_down(int64_t n) {
    return n / SelfExtend::alignment * SelfExtend::alignment;
}

int64_t round_up(int64_t n) {
    return round_down(n + SelfExtend::alignment - 1);
}

/// Keys begin … end − 1 of a matrix of scores [keys, queries, heads].
ggml_tensor * part(ggml_context * ctx, ggml_tensor * scores, int64_t begin, int64_t end) {
    return ggml_view_3d(ctx, scores, end - begin, scores->ne[1], scores->ne[2], scores->nb[1], scores->nb[2], begin * scores->nb[0]);
}

} // namespace

/// A few queries of one sequence against the keys they may see, for some of the heads.
struct SelfExtend::Step {
    int64_t offset;       ///< first query in the block's queries
    int64_t first_index;  ///< first query in its sequence
    int64_t queries;
    int64_t first_key;    ///< of the sequence, in packed order
    int64_t keys;         ///< of the sequence that these queries may see, rounded up
    int64_t keys_end;     ///< of the sequence, as it is
    int64_t zone_begin;   ///< keys of the sequence that are near to some of the queries
    int64_t zone_end;
    int64_t first_kv_head;
    int64_t kv_heads;
    float   logit_factor;
};

SelfExtend::SelfExtend(const AttentionShape & shape, const Workspace & workspace, ggml_tensor * scores)
    : shape_(shape), workspace_(workspace), window_(workspace.size().self_extend_window), score_bytes_(workspace.size().self_extend_score_bytes),
      scores_(scores) {}

int64_t SelfExtend::zone_width(int64_t window, bool causal) {
    return queries_per_step + (causal ? window - 1 : 2 * window - 2) + 2 * alignment;
}

int64_t SelfExtend::score_elements(const AttentionShape & shape, int64_t longest, int64_t score_bytes) {
    // fewer heads at once for more keys: the most is at the shortest or the longest, or where the limit is met
    const int64_t limit  = score_bytes / static_cast<int64_t>(sizeof(float));
    const int64_t per_kv = round_up(longest) * queries_per_step * (shape.heads / shape.kv_heads);
    const int64_t fewest = per_kv * kv_heads_at_once(shape, round_up(longest), queries_per_step, score_bytes);
    return std::min(per_kv * shape.kv_heads, std::max(limit, fewest));
}

void SelfExtend::gather(StepGraph & steps, const SelfExtendQueries & queries, int64_t offset, const Segment & run, int64_t first_index,
                        float logit_factor, ggml_tensor * heads) {
    for (int64_t from = 0; from < run.queries; from += queries_per_step) {
        Step step;
        step.offset       = offset + from;
        step.first_index  = first_index + from;
        step.queries      = std::min(queries_per_step, run.queries - from);
        step.first_key    = run.first_key;
        step.keys         = round_up(shape_.causal ? step.first_index + step.queries : run.keys);
        step.keys_end     = run.keys;
        step.zone_begin   = round_down(std::max<int64_t>(0, step.first_index - window_ + 1));
        step.zone_end     = shape_.causal ? step.keys : std::min(step.keys, round_up(step.first_index + step.queries - 1 + window_));
        step.logit_factor = logit_factor;

        const int64_t at_once = kv_heads_at_once(shape_, step.keys, step.queries, score_bytes_);
        for (step.first_kv_head = 0; step.first_kv_head < shape_.kv_heads; step.first_kv_head += at_once) {
            step.kv_heads = std::min(at_once, shape_.kv_heads - step.first_kv_head);
            gather_heads(steps, queries, step, heads);
        }
    }
}

void SelfExtend::gather_heads(StepGraph & steps, const SelfExtendQueries & queries, const Step & step, ggml_tensor * heads) {
    ggml_context * ctx    = steps.ctx();
    const int64_t  per_kv = shape_.heads / shape_.kv_heads;
    const int64_t  n      = step.kv_heads * per_kv;

    ggml_tensor * scores  = shape_.causal ? score_causal(steps, queries, step) : score_both_ways(steps, queries, step);
    ggml_tensor * weights = ggml_soft_max_ext_inplace(ctx, scores, nullptr, shape_.scale * step.logit_factor, 0.0f);

    ggml_tensor * kept     = workspace_.values_by_dimension;
    ggml_tensor * values   = ggml_view_3d(ctx, kept, step.keys, kept->ne[1], step.kv_heads, kept->nb[1], kept->nb[2],
                                          step.first_key * kept->nb[0] + step.first_kv_head * kept->nb[2]);
    ggml_tensor * gathered = ggml_mul_mat(ctx, values, weights); // [head size, queries, heads]
    ggml_prec_set_acc(gathered, GGML_PREC_F32); // weights of long texts are below what halves hold

    const size_t  head  = shape_.head_size * heads->nb[0];
    ggml_tensor * place = ggml_view_3d(ctx, heads, shape_.head_size, n, step.queries, head, heads->nb[1],
                                       step.offset * heads->nb[1] + step.first_kv_head * per_kv * head);
    steps.add(ggml_cpy(ctx, ggml_permute(ctx, gathered, 0, 2, 1, 3), place));
}

ggml_tensor * SelfExtend::score_causal(StepGraph & steps, const SelfExtendQueries & queries, const Step & step) {
    ggml_context * ctx    = steps.ctx();
    ggml_tensor *  scores = score(ctx, workspace_.far_keys, queries.before, step, 0, step.keys);
    ggml_tensor *  far    = part(ctx, scores, step.zone_begin, step.zone_end);
    ggml_tensor *  near   = score(ctx, workspace_.keys, queries.near, step, step.zone_begin, step.zone_end);

    ggml_tensor * zone = masked(ctx, near, workspace_.zone_near, step);
    zone = ggml_add(ctx, zone, masked(ctx, far, workspace_.zone_before, step));
    zone = ggml_add(ctx, zone, zone_mask(ctx, workspace_.zone_hidden, step));
    steps.add(ggml_cpy(ctx, zone, far));
    return scores;
}

ggml_tensor * SelfExtend::score_both_ways(StepGraph & steps, const SelfExtendQueries & queries, const Step & step) {
    ggml_context * ctx    = steps.ctx();
    const int64_t  begin  = step.zone_begin;
    const int64_t  end    = step.zone_end;
    ggml_tensor *  before = score(ctx, workspace_.far_keys, queries.before, step, 0, end);
    ggml_tensor *  after  = score(ctx, workspace_.far_keys, queries.after, step, begin, step.keys);
    ggml_tensor *  near   = score(ctx, workspace_.keys, queries.near, step, begin, end);

    ggml_tensor * zone = masked(ctx, near, workspace_.zone_near, step);
    zone = ggml_add(ctx, zone, masked(ctx, part(ctx, before, begin, end), workspace_.zone_before, step));
    zone = ggml_add(ctx, zone, masked(ctx, part(ctx, after, 0, end - begin), workspace_.zone_after, step));

    const size_t  row    = step.keys * scores_->nb[0];
    ggml_tensor * scores = ggml_view_3d(ctx, scores_, step.keys, step.queries, near->ne[2], row, row * step.queries, 0);
    const auto    keep   = [&](ggml_tensor * from, int64_t first) {
        if (from->ne[0] > 0) {
            steps.add(ggml_cpy(ctx, from, part(ctx, scores, first, first + from->ne[0])));
        }
    };
    keep(part(ctx, before, 0, begin), 0);
    keep(zone, begin);
    keep(part(ctx, after, end - begin, step.keys - begin), end);
    if (step.keys > step.keys_end) {
        ggml_tensor * hidden = workspace_.hidden_keys;
        keep(ggml_view_3d(ctx, hidden, step.keys - step.keys_end, step.queries, near->ne[2], hidden->nb[1], hidden->nb[2], 0), step.keys_end);
    }
    return scores;
}

ggml_tensor * SelfExtend::score(ggml_context * ctx, ggml_tensor * keys, ggml_tensor * queries, const Step & step, int64_t begin, int64_t end) const {
    const int64_t per_kv = shape_.heads / shape_.kv_heads;
    ggml_tensor * k = ggml_view_3d(ctx, keys, keys->ne[0], end - begin, step.kv_heads, keys->nb[1], keys->nb[2],
                                   (step.first_key + begin) * keys->nb[1] + step.first_kv_head * keys->nb[2]);
    ggml_tensor * q = ggml_view_3d(ctx, queries, queries->ne[0], step.queries, step.kv_heads * per_kv, queries->nb[2], queries->nb[1],
                                   step.offset * queries->nb[2] + step.first_kv_head * per_kv * queries->nb[1]);
    ggml_tensor * scores = ggml_mul_mat(ctx, k, ggml_cont(ctx, q)); // ggml's fast CPU product takes no gaps on this side
    ggml_prec_set_acc(scores, GGML_PREC_F32); // a GPU would sum them as halves, which are too coarse for large logits
    return scores;
}

ggml_tensor * SelfExtend::masked(ggml_context * ctx, ggml_tensor * zone_scores, ggml_tensor * mask, const Step & step) const {
    return ggml_mul(ctx, zone_scores, zone_mask(ctx, mask, step));
}

ggml_tensor * SelfExtend::zone_mask(ggml_context * ctx, ggml_tensor * mask, const Step & step) const {
    // the zone is cut at the sequence's ends, its mask with it
    const int64_t first_column = step.zone_begin - (step.first_index - window_ + 1) + alignment;
    return ggml_view_2d(ctx, mask, step.zone_end - step.zone_begin, step.queries, mask->nb[1], first_column * mask->nb[0]);
}

} // namespace longembed
