#pragma once

#include <cstdint>

namespace longembed {

/// Rows that are normalized, each by itself.
struct NormRows {
    const float * x;
    int64_t       x_stride; ///< floats from one row to the next
    float *       y;        ///< may be x
    int64_t       y_stride;
    int64_t       rows;
    int64_t       n; ///< numbers in a row

    bool          is_centered; ///< LayerNorm: less their mean; else RMSNorm
    float         eps;         ///< added to the variance, or to the mean of the squares
    const float * weight;      ///< [n]
    const float * bias;        ///< [n], or null
};

/// y = (x − mean) / sqrt(variance + eps) · weight + bias (arXiv 1607.06450), or x / sqrt(mean(x²) + eps) · weight +
/// bias (arXiv 1910.07467).
using NormKernel = void (*)(const NormRows & rows);

} // namespace longembed
