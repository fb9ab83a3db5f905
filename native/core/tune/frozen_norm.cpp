#include "frozen_norm.h"

#include <cmath>

namespace longembed {

namespace {

/// The sum of term(0) … term(size − 1) in doubles, in eight lanes, which an addition's latency does not hold up.
template <typename Term> double sum_of(int64_t size, Term term) {
    constexpr int lanes       = 8;
    double        sums[lanes] = {};
    int64_t       i           = 0;
    for (; i + lanes <= size; i += lanes) {
        for (int lane = 0; lane < lanes; ++lane) {
            sums[lane] += term(i + lane);
        }
    }
    for (; i < size; ++i) {
        sums[0] += term(i);
    }
    double sum = 0.0;
    for (double lane : sums) {
        sum += lane;
    }
    return sum;
}

} // namespace

FrozenNorm::FrozenNorm(const Norm & norm, float eps)
    : weight_(static_cast<const float *>(norm.weight->data)),
      bias_(norm.bias == nullptr ? nullptr : static_cast<const float *>(norm.bias->data)), size_(norm.weight->ne[0]),
      eps_(eps) {}

FrozenNorm::Statistics FrozenNorm::of(const float * row) const {
    const auto   size     = static_cast<double>(size_);
    const double mean     = sum_of(size_, [&](int64_t i) { return static_cast<double>(row[i]); }) / size;
    const double variance = sum_of(size_, [&](int64_t i) { return (row[i] - mean) * (row[i] - mean); }) / size;
    return {mean, 1.0 / std::sqrt(variance + eps_)};
}

void FrozenNorm::forward(const float * x, int64_t n, float * y) const {
    for (int64_t r = 0; r < n; ++r) {
        const float *    row        = x + r * size_;
        float *          out        = y + r * size_;
        const Statistics statistics = of(row);
        for (int64_t i = 0; i < size_; ++i) {
            const auto normal = static_cast<float>((row[i] - statistics.mean) * statistics.scale);
            out[i]            = normal * weight_[i] + (bias_ == nullptr ? 0.0f : bias_[i]);
        }
    }
}

void FrozenNorm::backward(const float * x, int64_t n, float * gradients) const {
    // with x̂ the normalised row and g = gradient · weight: scale · (g − mean(g) − x̂ · mean(g · x̂))
    const auto size = static_cast<double>(size_);
    for (int64_t r = 0; r < n; ++r) {
        const float *    row        = x + r * size_;
        float *          gradient   = gradients + r * size_;
        const Statistics statistics = of(row);
        const auto       by_normal  = [&](int64_t i) { return static_cast<double>(gradient[i]) * weight_[i]; };
        const auto       normal     = [&](int64_t i) { return (row[i] - statistics.mean) * statistics.scale; };
        const double     mean       = sum_of(size_, by_normal) / size;
        const double     along      = sum_of(size_, [&](int64_t i) { return by_normal(i) * normal(i); }) / size;
        for (int64_t i = 0; i < size_; ++i) {
            gradient[i] = static_cast<float>(statistics.scale * (by_normal(i) - mean - normal(i) * along));
        }
    }
}

} // namespace longembed
