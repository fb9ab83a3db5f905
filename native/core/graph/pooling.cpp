#include "pooling.h"

namespace longembed {

MeanPooling::MeanPooling(const Layout & layout, int64_t dimensions)
    : layout_(layout), dimensions_(dimensions), sums_(layout.sequences.size() * dimensions, 0.0) {}

void MeanPooling::add(const float * rows, int64_t first, int64_t tokens) {
    for (int64_t t = 0; t < tokens; ++t) {
        while (first + t >= layout_.sequences[current_].first + layout_.sequences[current_].length) {
            ++current_;
        }
        double *      sum = sums_.data() + current_ * dimensions_;
        const float * row = rows + t * dimensions_;
        for (int64_t d = 0; d < dimensions_; ++d) {
            sum[d] += row[d];
        }
    }
}

void MeanPooling::write(float * out) const {
    for (size_t s = 0; s < layout_.sequences.size(); ++s) {
        const PackedSequence & sequence = layout_.sequences[s];
        const double *         sum      = sums_.data() + s * dimensions_;
        for (int64_t d = 0; d < dimensions_; ++d) {
            out[sequence.source * dimensions_ + d] = static_cast<float>(sum[d] / static_cast<double>(sequence.length));
        }
    }
}

} // namespace longembed
