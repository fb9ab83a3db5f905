#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cpu_kernels.h"
#include "ops/weights.h"

namespace longembed {

/// A linear layer whose weights do not change, y = weight · x + bias, with what its backward pass needs: the weights
/// once more, transposed, because the kernel multiplies by rows. F16 and BF16 stay so; F32 and quantized ones are kept
/// as floats.
class FrozenLinear {
public:
    explicit FrozenLinear(const Linear & layer);

    int64_t inputs() const { return inputs_; }
    int64_t outputs() const { return outputs_; }
    size_t  transposed_bytes() const { return transposed_.size(); }

    /// y [n][outputs] = epilogue(x [n][inputs])
    /// @param operand  [n][outputs] for Epilogue::residual_add, its rows y_stride apart, else null
    void forward(const CpuKernels & kernels, const float * x, int64_t n, float * y, int64_t y_stride,
                 Epilogue epilogue = Epilogue::none, const float * operand = nullptr) const;

    /// The gradient by x [n][inputs] from that by y [n][outputs], plus `more` [n][inputs] if that is not null.
    /// @param to  overlaps neither
    void backward(const CpuKernels & kernels, const float * by_y, int64_t y_stride, int64_t n, const float * more,
                  float * to) const;

private:
    ggml_tensor *     weight_;
    const float *     bias_;
    int64_t           inputs_;
    int64_t           outputs_;
    ggml_type         type_; ///< of the transposed weights
    std::vector<char> transposed_;
};

/// y [n][outputs] = x [n][k] · rows [outputs][k]ᵀ, in floats.
void multiply_rows(const CpuKernels & kernels, const float * x, int64_t x_stride, int64_t n, const float * rows,
                   int64_t row_stride, int64_t outputs, int64_t k, float * y, int64_t y_stride);

} // namespace longembed
