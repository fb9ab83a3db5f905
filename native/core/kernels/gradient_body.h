// What a backward pass needs beside products, compiled once for each instruction set; see simd.h. It comes after
// attention_body.h and gemm_body.h, whose exponential functions and GELU it uses.

#include "gradient.h"
#include "simd.h"

namespace longembed {

namespace {

static_assert(score_padding >= width);

inline void pad_row(float * row, int64_t n, float value) {
    store(row + n, all(value));
}

float softmax(float * scores, int64_t n, float scale) {
    pad_row(scores, n, -INFINITY);
    Vector max = load(scores);
    for (int64_t i = width; i < n; i += width) {
        max = larger(max, load(scores + i));
    }
    const float  factor  = scale * log2_e;
    const float  highest = factor * max_of(max);
    Vector       total   = {};
    const Vector offset  = all(highest);
    for (int64_t i = 0; i < n; i += width) {
        const Vector weight = power_of_two(factor * load(scores + i) - offset);
        store(scores + i, weight);
        total += weight;
    }
    const float sum    = sum_of(total);
    const float shrink = 1.0f / sum;
    for (int64_t i = 0; i < n; i += width) {
        store(scores + i, shrink * load(scores + i));
    }
    return highest + std::log2(sum);
}

float softmax_gradient(const float * weights, float * gradients, int64_t n, float scale) {
    pad_row(gradients, n, 0.0f);
    Vector lanes = {};
    for (int64_t i = 0; i < n; i += width) {
        lanes += load(weights + i) * load(gradients + i);
    }
    const float  sum      = sum_of(lanes);
    const Vector all_sums = all(sum);
    for (int64_t i = 0; i < n; i += width) {
        store(gradients + i, scale * (load(weights + i) * (load(gradients + i) - all_sums)));
    }
    return sum;
}

void softmax_again(float * scores, float * gradients, int64_t n, float scale, const float * logarithms,
                   const float * sums) {
    const float factor = scale * log2_e;
    for (int64_t i = 0; i < n; i += width) {
        const int64_t count  = smaller(width, n - i);
        const Vector  weight = power_of_two(factor * load(scores + i) - load_partial(logarithms + i, count));
        store(scores + i, weight);
        store(gradients + i, scale * (weight * (load(gradients + i) - load_partial(sums + i, count))));
    }
}

void gelu_rows(const float * x, float * y, int64_t n) {
    int64_t i = 0;
    for (; i + width <= n; i += width) {
        store(y + i, gelu(load(x + i)));
    }
    if (i < n) {
        const Vector value = gelu(load_partial(x + i, n - i));
        __builtin_memcpy(y + i, &value, (n - i) * sizeof(float));
    }
}

/// Φ(x) + x · φ(x), where Φ is the normal distribution function and φ its density.
inline Vector gelu_slope(Vector x) {
    const Vector density = 0.39894228f * exponential(-0.5f * x * x);
    // gelu(x) / x, without the division where x is small
    const Vector z          = (x < 0.0f ? -x : x);
    const Vector safe       = z < 1e-3f ? all(1e-3f) : x;
    const Vector from_gelu  = gelu(safe) / safe;
    const Vector near_zero  = 0.5f + 0.39894228f * x;
    const Vector cumulative = z < 1e-3f ? near_zero : from_gelu;
    return cumulative + x * density;
}

void gelu_gradient(const float * x, float * gradients, int64_t n) {
    int64_t i = 0;
    for (; i + width <= n; i += width) {
        store(gradients + i, load(gradients + i) * gelu_slope(load(x + i)));
    }
    if (i < n) {
        const Vector value = load_partial(gradients + i, n - i) * gelu_slope(load_partial(x + i, n - i));
        __builtin_memcpy(gradients + i, &value, (n - i) * sizeof(float));
    }
}

GradientKernels gradient_kernels() {
    GradientKernels kernels;
    kernels.softmax          = softmax;
    kernels.softmax_gradient = softmax_gradient;
    kernels.softmax_again    = softmax_again;
    kernels.gelu             = gelu_rows;
    kernels.gelu_gradient    = gelu_gradient;
    return kernels;
}

} // namespace

} // namespace longembed
