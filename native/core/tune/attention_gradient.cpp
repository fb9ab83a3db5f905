#include "attention_gradient.h"

#include <algorithm>

#include "frozen_linear.h"

namespace longembed {

namespace {

/// Queries, or keys, whose scores with all tokens are held at a time.
constexpr int64_t block = 64;

/// to [columns][n] = from [n][columns], its rows `stride` apart
void transpose(const float * from, int64_t stride, int64_t n, int64_t columns, float * to) {
    for (int64_t row = 0; row < n; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
            to[column * n + row] = from[row * stride + column];
        }
    }
}

} // namespace

AttentionGradient::AttentionGradient(const CpuKernels & kernels, int64_t heads, int64_t head_size, float scale)
    : kernels_(kernels), heads_(heads), head_size_(head_size), scale_(scale) {}

void AttentionGradient::reserve(int64_t n) {
    const auto grow = [](std::vector<float> & numbers, int64_t count) {
        numbers.resize(std::max(numbers.size(), static_cast<size_t>(count)));
    };
    stride_ = (n + score_padding - 1) / score_padding * score_padding + score_padding;
    grow(scores_, block * stride_);
    grow(gradients_, block * stride_);
    grow(columns_, head_size_ * n);
    grow(other_, head_size_ * n);
    grow(logarithms_, n);
    grow(sums_, n);
}

void AttentionGradient::forward(const float * qkv, int64_t n, float * out) {
    const int64_t width = heads_ * head_size_;
    const int64_t row   = 3 * width;
    reserve(n);
    for (int64_t head = 0; head < heads_; ++head) {
        const float * q = qkv + head * head_size_;
        const float * k = q + width;
        const float * v = k + width;
        transpose(v, row, n, head_size_, columns_.data());
        for (int64_t first = 0; first < n; first += block) {
            const int64_t count = std::min(block, n - first);
            multiply_rows(kernels_, q + first * row, row, count, k, row, n, head_size_, scores_.data(), stride_);
            for (int64_t i = 0; i < count; ++i) {
                kernels_.gradient.softmax(scores_.data() + i * stride_, n, scale_);
            }
            multiply_rows(kernels_, scores_.data(), stride_, count, columns_.data(), n, head_size_, n,
                          out + first * width + head * head_size_, width);
        }
    }
}

void AttentionGradient::backward(const float * qkv, const float * by_out, int64_t n, float * by_qkv) {
    reserve(n);
    for (int64_t head = 0; head < heads_; ++head) {
        const int64_t skip = head * head_size_;
        backward_by_queries(qkv + skip, by_out + skip, n, by_qkv + skip);
        backward_by_keys(qkv + skip, by_out + skip, n, by_qkv + skip);
    }
}

void AttentionGradient::backward_by_queries(const float * qkv, const float * by_out, int64_t n, float * by_qkv) {
    const int64_t width = heads_ * head_size_;
    const int64_t row   = 3 * width;
    const float * k     = qkv + width;
    const float * v     = k + width;
    transpose(k, row, n, head_size_, columns_.data());
    for (int64_t first = 0; first < n; first += block) {
        const int64_t count = std::min(block, n - first);
        multiply_rows(kernels_, qkv + first * row, row, count, k, row, n, head_size_, scores_.data(), stride_);
        multiply_rows(kernels_, by_out + first * width, width, count, v, row, n, head_size_, gradients_.data(),
                      stride_);
        for (int64_t i = 0; i < count; ++i) {
            float * weights        = scores_.data() + i * stride_;
            logarithms_[first + i] = kernels_.gradient.softmax(weights, n, scale_);
            sums_[first + i] = kernels_.gradient.softmax_gradient(weights, gradients_.data() + i * stride_, n, scale_);
        }
        multiply_rows(kernels_, gradients_.data(), stride_, count, columns_.data(), n, head_size_, n,
                      by_qkv + first * row, row);
    }
}

void AttentionGradient::backward_by_keys(const float * qkv, const float * by_out, int64_t n, float * by_qkv) {
    const int64_t width = heads_ * head_size_;
    const int64_t row   = 3 * width;
    const float * k     = qkv + width;
    const float * v     = k + width;
    transpose(qkv, row, n, head_size_, columns_.data());
    transpose(by_out, width, n, head_size_, other_.data());
    for (int64_t first = 0; first < n; first += block) {
        const int64_t count = std::min(block, n - first);
        multiply_rows(kernels_, k + first * row, row, count, qkv, row, n, head_size_, scores_.data(), stride_);
        multiply_rows(kernels_, v + first * row, row, count, by_out, width, n, head_size_, gradients_.data(), stride_);
        for (int64_t i = 0; i < count; ++i) {
            kernels_.gradient.softmax_again(scores_.data() + i * stride_, gradients_.data() + i * stride_, n, scale_,
                                            logarithms_.data(), sums_.data());
        }
        multiply_rows(kernels_, gradients_.data(), stride_, count, columns_.data(), n, head_size_, n,
                      by_qkv + width + first * row, row);
        multiply_rows(kernels_, scores_.data(), stride_, count, other_.data(), n, head_size_, n,
                      by_qkv + 2 * width + first * row, row);
    }
}

} // namespace longembed
