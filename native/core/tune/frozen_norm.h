#pragma once

#include <cstdint>

#include "ops/weights.h"

namespace longembed {

/// A layer norm whose gain and shift do not change: (x − mean) / sqrt(variance + eps) · weight + bias, a row at a time.
class FrozenNorm {
public:
    FrozenNorm(const Norm & norm, float eps);

    /// y [n][size] of x [n][size]; y may be x.
    void forward(const float * x, int64_t n, float * y) const;

    /// The gradient by x from that by y, in place. @param x  what forward() had
    void backward(const float * x, int64_t n, float * gradients) const;

private:
    struct Statistics {
        double mean;
        double scale; ///< 1 / sqrt(variance + eps)
    };
    Statistics of(const float * row) const;

    const float * weight_;
    const float * bias_; ///< null where there is none
    int64_t       size_;
    float         eps_;
};

} // namespace longembed
