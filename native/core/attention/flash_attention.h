#pragma once

#include "attention.h"

namespace longembed {

/// ggml's flash attention: scores stay inside the operation, and a causal mask is as wide as the keys and as high as
/// the queries of one step.
class FlashAttention : public Attention {
public:
    FlashAttention(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                   const WorkspaceSize & size);

    void fill_masks() override;
    void store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;

private:
    void attend_step(StepGraph & steps, const AttentionShape & shape, ggml_tensor * queries, const AttentionRun & run,
                     ggml_tensor * heads) const;
    ggml_tensor * mask_for(StepGraph & steps, int64_t first_index, int64_t queries, int64_t keys) const;

    const AttentionDevice device_;
    const int64_t         step_; ///< queries that attend at once under a mask, at most

    ggml_tensor * keys_;   ///< [padded head size, tokens, kv heads]; what exceeds the head size is zeros
    ggml_tensor * values_; ///< the same

    /// [longest + key_padding, step] F16: 0 where column ≤ row + longest − step, else −inf; null for models that
    /// attend both ways
    ggml_tensor * causal_mask_;
};

} // namespace longembed
