#pragma once

#include "attention.h"

namespace longembed {

/// Exact self-extend as flash attention over doubled heads, on devices with one stream.
///
/// Queries are [near; before; 0…]: rotated to their tokens' positions in one half, to those of their groups in the
/// other. Keys have the half that they are near or far with, and zeros in the other, so that one product gives the one
/// or the other score. On the key axis each key that is far before a query stands as a far one and each near one as a
/// near one; a mask hides what does not apply to a query, and one softmax goes over all.
///
/// Each sequence has rows of its own, in which the axis of every step lies in one piece:
///
///     keys far after the query │ band │ keys far before it           (causal models have none after it)
///
/// All rows but the band's are stored once, with the keys. A step copies the near keys of its queries, some hundreds,
/// into the band, and attends to as much on either side as its queries see.
class FlashSelfExtend : public Attention {
public:
    FlashSelfExtend(ggml_context * ctx, const AttentionDevice & device, const AttentionShape & shape,
                    const WorkspaceSize & size);

    void    fill_masks() override;
    void    lay_out(const Layout & layout) override;
    bool    reads_far_after() const override { return !causal_; }
    void    store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void    attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                   const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;
    int64_t max_rows_per_step() const override { return 64; }

private:
    struct Sequence;
    struct Axis;

    Axis axis_for(const Sequence & sequence, int64_t first_index, int64_t queries) const;

    void          fill_band(StepGraph & steps, const Sequence & sequence, const Axis & axis) const;
    ggml_tensor * mask_for(StepGraph & steps, const Axis & axis) const;
    ggml_tensor * doubled(StepGraph & steps, const RotatedQueries & queries, int64_t column, int64_t count) const;
    void          attend_step(StepGraph & steps, const AttentionShape & shape, const RotatedQueries & queries,
                              const Sequence & sequence, const AttentionRun & run, ggml_tensor * heads) const;

    struct Sequence {
        int64_t first;  ///< token, in packed order
        int64_t length; ///< tokens
        int64_t row;    ///< its first
    };

    const AttentionDevice device_;
    const int64_t         window_;
    const bool            causal_;
    const int64_t         head_size_;
    const int64_t         longest_;
    const int64_t         step_; ///< queries that attend at once, at most
    const int64_t         band_; ///< rows of a band

    std::vector<Sequence> sequences_; ///< in packed order

    ggml_tensor * near_keys_; ///< [head size, tokens, kv heads]
    ggml_tensor * keys_;      ///< [doubled head size, rows, kv heads]
    ggml_tensor * values_;    ///< [head size, zeros after it, rows, kv heads]

    // F16: 0 where a key is seen, else −inf
    ggml_tensor * far_mask_;    ///< [longest + step + padding, step]: see fill_masks()
    ggml_tensor * near_mask_;   ///< [band, step]
    ggml_tensor * hidden_mask_; ///< [band, step]: −inf
    ggml_tensor * mask_;        ///< the step's, composed of parts of these
};

} // namespace longembed
