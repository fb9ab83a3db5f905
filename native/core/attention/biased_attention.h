#pragma once

#include <vector>

#include "attention.h"

namespace longembed {

/// Attention with a bias by distance, from operations that every ggml backend has: scores of a few queries, a mask that
/// holds the bias of those rows, one softmax. ggml's flash attention would take the bias as halves, which are too
/// coarse past some distance.
class BiasedAttention : public Attention {
public:
    BiasedAttention(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                    const WorkspaceSize & size);

    void    fill_masks() override;
    void    lay_out(const Layout & layout) override;
    void    store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void    attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                   const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;
    int64_t max_rows_per_step() const override { return 64; }

private:
    struct Sequence;

    void attend_step(StepGraph & steps, const AttentionShape & shape, ggml_tensor * queries, const AttentionRun & run,
                     ggml_tensor * heads) const;
    ggml_tensor * keys_of(ggml_context * ctx, const Sequence & sequence, int64_t from, int64_t count) const;
    ggml_tensor * values_of(ggml_context * ctx, const Sequence & sequence, int64_t from, int64_t count) const;
    ggml_tensor * bias_for(StepGraph & steps, int64_t first_index, int64_t queries, int64_t keys) const;

    const DistanceBias & bias_;
    const int64_t        longest_; ///< sequence
    const int64_t        score_bytes_;

    /// Those of a sequence lie in one piece, at an aligned place: ggml's Vulkan backend ignores gaps between heads in a
    /// product, and takes no operand from elsewhere (docs/gpu.md).
    struct Sequence {
        int64_t first;  ///< token, in packed order
        int64_t length; ///< tokens
        int64_t row;    ///< its first of keys_ and values_
    };
    std::vector<Sequence> sequences_; ///< in packed order

    const int64_t head_size_;
    const int64_t kv_heads_;
    const int64_t row_alignment_; ///< sequences begin at multiples of this

    // [head size · kv heads, rows]
    ggml_tensor * keys_;   ///< for each sequence [head size, tokens, kv heads]
    ggml_tensor * values_; ///< [tokens, head size, kv heads]: their product with the weights runs along tokens

    /// [2 · longest, rows, heads of the table, or 1 for slopes]: column c of row r is for a distance of
    /// c − longest − r; with slopes it holds −|distance|.
    ggml_tensor * mask_;
};

} // namespace longembed
