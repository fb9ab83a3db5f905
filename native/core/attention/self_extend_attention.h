#pragma once

#include <cstdint>

#include "architectures/architecture.h"
#include "graph/layout.h"
#include "graph/workspace.h"

namespace longembed {

class StepGraph;

/// The three rotations of some queries, [head size, heads, n] each; see self_extend_positions.h.
struct SelfExtendQueries {
    ggml_tensor * near   = nullptr;
    ggml_tensor * before = nullptr;
    ggml_tensor * after  = nullptr;  ///< null for causal models
};

/// Exact self-extend from operations that every ggml backend has. Around a few queries lies a zone of keys where near and far
/// meet; there both scores are made and chosen from by 0/1 masks, outside it each score is made once. One softmax goes over
/// all of them. Scores are made for a few queries and heads at a time, so memory does not grow with n².
class SelfExtend {
public:
    /// @param scores  room for the scores of a step, [score_elements(…)]; null for causal models, which need none
    SelfExtend(const AttentionShape & shape, const Workspace & workspace, ggml_tensor * scores);

    /// Adds what a run of one sequence's queries gather.
    /// @param queries      of the block that the run is in
    /// @param offset       the run's first query in `queries`, and its column in `heads`
    /// @param first_index  the index of the first query in its sequence
    /// @param logit_factor on the logits of all these queries, beside the model's own
    /// @param heads        [head size · heads, n], written to
    void gather(StepGraph & steps, const SelfExtendQueries & queries, int64_t offset, const Segment & run, int64_t first_index,
                float logit_factor, ggml_tensor * heads);

    /// Queries scored at once; masks are this high.
    static constexpr int64_t queries_per_step = 64;

    /// Keys come in multiples of this, and sequences begin at one: ggml's fast CPU product takes no others. Keys past a
    /// sequence's end, or past what causality allows, get a score of −inf.
    static constexpr int64_t alignment = 16;

    /// Width of the zone's masks: all distances that a step's queries and the keys in its zone can have.
    static int64_t zone_width(int64_t window, bool causal);

    /// Bytes of scores that a step holds at once: on a CPU a part of the last-level cache, so that softmax and values find them
    /// there; on a GPU as many as make its operations large.
    static constexpr int64_t score_bytes     = 8 << 20;
    static constexpr int64_t score_bytes_gpu = 256 << 20;

    /// Floats that the scores of any step take.
    static int64_t score_elements(const AttentionShape & shape, int64_t longest, int64_t score_bytes);

private:
    struct Step;

    void          gather_heads(StepGraph & steps, const SelfExtendQueries & queries, const Step & step, ggml_tensor * heads);
    ggml_tensor * score_causal(StepGraph & steps, const SelfExtendQueries & queries, const Step & step);
    ggml_tensor * score_both_ways(StepGraph & steps, const SelfExtendQueries & queries, const Step & step);
    ggml_tensor * score(ggml_context * ctx, ggml_tensor * keys, ggml_tensor * queries, const Step & step, int64_t begin, int64_t end) const;
    ggml_tensor * masked(ggml_context * ctx, ggml_tensor * zone_scores, ggml_tensor * mask, const Step & step) const;
    ggml_tensor * zone_mask(ggml_context * ctx, ggml_tensor * mask, const Step & step) const;

    const AttentionShape & shape_;
    const Workspace &      workspace_;
    const int64_t          window_;
    const int64_t          score_bytes_;
    ggml_tensor *          scores_;
};

} // namespace longembed
