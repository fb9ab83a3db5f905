#pragma once

#include "attention.h"

namespace longembed {

/// ggml's flash attention: scores stay inside the operation, and a causal mask is as wide as the keys and as high as
/// the queries of one step. In layers with a sliding window an operation takes only the keys that its queries can see,
/// and a mask of a few rows.
class FlashAttention : public Attention {
public:
    /// @param reach  of the sliding-window layers; 0: there are none
    FlashAttention(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape, int64_t reach,
                   const WorkspaceSize & size);

    void fill_masks() override;
    void store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;
    ggml_tensor * attend_at_once(StepGraph & steps, const AttentionShape & shape, const RotatedQueries & queries,
                                 const AttentionRun & run) const override;

private:
    void attend_step(StepGraph & steps, const AttentionShape & shape, ggml_tensor * queries, const AttentionRun & run,
                     ggml_tensor * heads) const;
    ggml_tensor * causal_mask_for(StepGraph & steps, int64_t first_index, int64_t queries, int64_t keys) const;
    ggml_tensor * sliding_mask_for(StepGraph & steps, const AttentionRun & run, const KeyRange & seen) const;

    const AttentionDevice device_;
    const int64_t         step_;  ///< queries that attend at once under a causal mask, at most
    const int64_t         reach_; ///< of the sliding-window layers, or of the longest sequence where that is less
    const bool            causal_;

    ggml_tensor * keys_;   ///< [padded head size, tokens, kv heads]; what exceeds the head size is zeros
    ggml_tensor * values_; ///< the same

    /// [longest + key_padding, step] F16: 0 where column ≤ row + longest − step, else −inf; null for models that
    /// attend both ways
    ggml_tensor * causal_mask_;

    /// [2 · reach + block, block] F16: column c of row r is for a distance of c − reach − r, 0 where the
    /// window has it, else −inf; null for models without sliding windows
    ggml_tensor * sliding_mask_ = nullptr;
};

} // namespace longembed
