#pragma once

#include <cstdint>

namespace longembed {

/// Numbers that a row of scores must have room for beyond its keys: kernels fill whole vectors.
constexpr int64_t score_padding = 16;

/// What a backward pass needs beside products. Rows of scores have room for score_padding numbers more than n, which
/// the kernels overwrite.
struct GradientKernels {
    /// Softmax of a row: weights = e^(scale · scores) / their sum, in place.
    /// @return the logarithm to base 2 of that sum, as softmax_again() takes it
    float (*softmax)(float * scores, int64_t n, float scale) = nullptr;

    /// Of a row of weights and the gradient of the loss by each of them: that by each score, in place of the latter.
    /// @return Σ weight · gradient, as softmax_again() takes it
    float (*softmax_gradient)(const float * weights, float * gradients, int64_t n, float scale) = nullptr;

    /// The same for one key's scores with n queries, whose sums are known: scores become weights, gradients by weights
    /// gradients by scores.
    void (*softmax_again)(float * scores, float * gradients, int64_t n, float scale, const float * logarithms,
                          const float * sums) = nullptr;

    /// GELU with erf of n numbers, with the same bits as Epilogue::gelu.
    void (*gelu)(const float * x, float * y, int64_t n) = nullptr;

    /// The gradient by x of a loss whose gradient by GELU(x) is given, in place.
    void (*gelu_gradient)(const float * x, float * gradients, int64_t n) = nullptr;
};

} // namespace longembed
