#pragma once

#include "attention.h"

namespace longembed {

/// Exact self-extend from operations that every ggml backend has. Around a few queries lies a band of keys where near
/// and far meet; there both scores are computed and one of them chosen by 0/1 masks, outside it each score is computed
/// once. One softmax goes over all of them. Scores are computed for a few queries and heads at a time, so memory does
/// not grow with n².
class ComposedSelfExtend : public Attention {
public:
    ComposedSelfExtend(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                       const WorkspaceSize & size);

    void    fill_masks() override;
    void    store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void    attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                   const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;
    int64_t max_rows_per_step() const override { return 64; }

    /// Keys come in multiples of this, and sequences begin at one: ggml's fast CPU product takes no others. Keys past a
    /// sequence's end, or past what causality allows, get a score of −inf.
    static constexpr int64_t alignment = 16;

private:
    struct Step;

    void attend_sequence(StepGraph & steps, const Step & whole, int64_t queries) const;
    void attend_step(StepGraph & steps, const Step & step) const;

    ggml_tensor * score_causal(StepGraph & steps, const Step & step) const;
    ggml_tensor * score_both_ways(StepGraph & steps, const Step & step) const;

    /// Scores [keys, queries, heads] of keys begin … end − 1 of the step's sequence.
    ggml_tensor * score(ggml_context * ctx, ggml_tensor * keys, ggml_tensor * queries, const Step & step, int64_t begin,
                        int64_t end) const;

    /// The part of a band mask that the step's band covers, and scores multiplied by it.
    ggml_tensor * band_mask(ggml_context * ctx, ggml_tensor * mask, const Step & step) const;
    ggml_tensor * masked(ggml_context * ctx, ggml_tensor * scores, ggml_tensor * mask, const Step & step) const;

    const int64_t window_;
    const int64_t score_bytes_;

    ggml_tensor * near_keys_; ///< [head size, tokens, kv heads]
    ggml_tensor * far_keys_;  ///< the same
    ggml_tensor * values_;    ///< [tokens, head size, kv heads]: their product with attention weights runs along tokens

    // band masks, [band width, queries_per_step]
    ggml_tensor * near_mask_;   ///< 1 where the key is near to the query, else 0
    ggml_tensor * before_mask_; ///< the same where the key is far before the query
    ggml_tensor * after_mask_;  ///< the same where it is far after it; null for causal models
    ggml_tensor * causal_mask_; ///< −inf where the key comes after the query, else 0; null for other models

    // only models that attend both ways copy scores together
    ggml_tensor *              padding_mask_ = nullptr; ///< [alignment, queries_per_step, heads]: −inf
    std::vector<ggml_tensor *> scores_;                 ///< of each stream: the scores of a step
};

} // namespace longembed
