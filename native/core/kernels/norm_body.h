// LayerNorm and RMSNorm, compiled once for each instruction set; see simd.h.

#pragma once

#include "norm.h"
#include "simd.h"

namespace longembed {

namespace {

/// The sum of term(a vector of the row) over a row. Four sums side by side, as each step of one waits for the one
/// before it. Lanes past the row's end are 0, whatever the term makes of them.
template <typename Term> inline float sum_over(const float * row, int64_t n, const Term & term) {
    constexpr int sums      = 4;
    Vector        sum[sums] = {};
    int64_t       i         = 0;
    for (; i + sums * width <= n; i += sums * width) {
        for (int s = 0; s < sums; ++s) {
            sum[s] += term(load(row + i + s * width));
        }
    }
    for (; i + width <= n; i += width) {
        sum[0] += term(load(row + i));
    }
    if (i < n) {
        const Vector last = term(load_partial(row + i, n - i));
        sum[1] += load_partial(reinterpret_cast<const float *>(&last), n - i);
    }
    return sum_of((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/// y = (x − mean) · scale · weight + bias
template <bool has_bias>
inline void write_row(const NormRows & r, const float * x, float mean, float scale, float * y) {
    const auto value = [&](Vector from, Vector weight) { return (from - mean) * scale * weight; };
    int64_t    i     = 0;
    for (; i + width <= r.n; i += width) {
        Vector v = value(load(x + i), load(r.weight + i));
        store(y + i, has_bias ? v + load(r.bias + i) : v);
    }
    if (i < r.n) {
        const int64_t count = r.n - i;
        Vector        v     = value(load_partial(x + i, count), load_partial(r.weight + i, count));
        v                   = has_bias ? v + load_partial(r.bias + i, count) : v;
        __builtin_memcpy(y + i, &v, count * sizeof(float));
    }
}

void norm(const NormRows & r) {
    const auto n = static_cast<float>(r.n);
    for (int64_t row = 0; row < r.rows; ++row) {
        const float * x    = r.x + row * r.x_stride;
        float *       y    = r.y + row * r.y_stride;
        const float   mean = r.is_centered ? sum_over(x, r.n, [](Vector v) { return v; }) / n : 0.0f;

        const float variance = sum_over(x, r.n, [mean](Vector v) { return (v - mean) * (v - mean); }) / n;
        const float scale    = 1.0f / __builtin_sqrtf(variance + r.eps);
        if (r.bias != nullptr) {
            write_row<true>(r, x, mean, scale, y);
        } else {
            write_row<false>(r, x, mean, scale, y);
        }
    }
}

} // namespace

} // namespace longembed
