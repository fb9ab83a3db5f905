#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cpu_kernels.h"

namespace longembed {

/// Ordinary bidirectional attention of one text with its backward pass, a block of queries or keys at a time: a block's
/// scores with all tokens are all that is held of them. One thread at a time.
class AttentionGradient {
public:
    AttentionGradient(const CpuKernels & kernels, int64_t heads, int64_t head_size, float scale);

    /// out [n][heads · head size] of qkv [n][3 · heads · head size]: queries, keys and values beside each other.
    void forward(const float * qkv, int64_t n, float * out);

    /// The gradient by qkv from that by out.
    void backward(const float * qkv, const float * by_out, int64_t n, float * by_qkv);

private:
    void reserve(int64_t n);
    void backward_by_queries(const float * qkv, const float * by_out, int64_t n, float * by_qkv);
    void backward_by_keys(const float * qkv, const float * by_out, int64_t n, float * by_qkv);

    const CpuKernels & kernels_;
    int64_t            heads_;
    int64_t            head_size_;
    float              scale_;
    int64_t            stride_ = 0; ///< of a row of scores

    std::vector<float> scores_;     ///< [block][stride]
    std::vector<float> gradients_;  ///< the same, by scores
    std::vector<float> columns_;    ///< [head size][n]: a head's keys, values, … transposed
    std::vector<float> other_;      ///< the same
    std::vector<float> logarithms_; ///< [n]: of each query, what GradientKernels::softmax gave
    std::vector<float> sums_;       ///< [n]: of each query, what GradientKernels::softmax_gradient gave
};

} // namespace longembed
