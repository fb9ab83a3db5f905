#include "layered_attention.h"

#include <algorithm>

namespace longembed {

void LayeredAttention::fill_masks() {
    extended_->fill_masks();
    sliding_->fill_masks();
}

void LayeredAttention::lay_out(const Layout & layout) {
    extended_->lay_out(layout);
    sliding_->lay_out(layout);
}

void LayeredAttention::store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const {
    // only extended layers rotate keys to their groups
    const Attention & layer = keys.far != nullptr ? *extended_ : *sliding_;
    layer.store(steps, keys, values, first);
}

void LayeredAttention::attend(StepGraph & steps, int stream, const AttentionShape & shape,
                              const RotatedQueries & queries, const std::vector<AttentionRun> & runs,
                              ggml_tensor * heads) const {
    (shape.slides() ? *sliding_ : *extended_).attend(steps, stream, shape, queries, runs, heads);
}

ggml_tensor * LayeredAttention::attend_at_once(StepGraph & steps, const AttentionShape & shape,
                                               const RotatedQueries & queries, const AttentionRun & run) const {
    return (shape.slides() ? *sliding_ : *extended_).attend_at_once(steps, shape, queries, run);
}

int64_t LayeredAttention::max_rows_per_step() const {
    return std::min(extended_->max_rows_per_step(), sliding_->max_rows_per_step());
}

} // namespace longembed
