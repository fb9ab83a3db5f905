#pragma once

#include "attention.h"

namespace longembed {

/// Self-extend in the layers that attend to everything, ordinary attention in those with a sliding window: each with
/// the keys and values in its own form.
class LayeredAttention : public Attention {
public:
    LayeredAttention(std::unique_ptr<Attention> extended, std::unique_ptr<Attention> sliding)
        : extended_(std::move(extended)), sliding_(std::move(sliding)) {}

    void    fill_masks() override;
    void    lay_out(const Layout & layout) override;
    bool    reads_far_after() const override { return extended_->reads_far_after(); }
    void    store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void    attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                   const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;
    ggml_tensor * attend_at_once(StepGraph & steps, const AttentionShape & shape, const RotatedQueries & queries,
                                 const AttentionRun & run) const override;
    int64_t max_rows_per_step() const override;

private:
    std::unique_ptr<Attention> extended_;
    std::unique_ptr<Attention> sliding_;
};

} // namespace longembed
