#include "frozen_linear.h"

#include "ops/gemm_op.h"
#include "ops/repacked_weights.h"

namespace longembed {

namespace {

const float * floats_of(const ggml_tensor * tensor) {
    return tensor == nullptr ? nullptr : static_cast<const float *>(tensor->data);
}

void run(const CpuKernels & kernels, const GemmTile & tile) {
    kernels.gemm(tile, scratch_floats(kernels.gemm_scratch(tile.tokens, tile.k)));
}

} // namespace

FrozenLinear::FrozenLinear(const Linear & layer)
    : weight_(layer.weight), bias_(floats_of(layer.bias)), inputs_(layer.weight->ne[0]), outputs_(layer.weight->ne[1]),
      type_(weight_->type == GGML_TYPE_F16 || weight_->type == GGML_TYPE_BF16 ? weight_->type : GGML_TYPE_F32) {
    transposed_.resize(static_cast<size_t>(inputs_ * outputs_) * ggml_type_size(type_));
    transpose_weights(weight_->type, static_cast<const char *>(weight_->data), outputs_, inputs_, transposed_.data());
}

void FrozenLinear::forward(const CpuKernels & kernels, const float * x, int64_t n, float * y, int64_t y_stride,
                           Epilogue epilogue, const float * operand) const {
    GemmTile tile       = tile_of(kernels, weight_, {0, outputs_});
    tile.x              = x;
    tile.x_stride       = inputs_;
    tile.tokens         = n;
    tile.bias           = bias_;
    tile.epilogue       = epilogue;
    tile.operand        = operand;
    tile.operand_stride = y_stride;
    tile.y              = y;
    tile.y_stride       = y_stride;
    run(kernels, tile);
}

void FrozenLinear::backward(const CpuKernels & kernels, const float * by_y, int64_t y_stride, int64_t n,
                            const float * more, float * to) const {
    GemmTile tile{};
    tile.x             = by_y;
    tile.x_stride      = y_stride;
    tile.tokens        = n;
    tile.k             = outputs_;
    tile.n             = inputs_;
    tile.weights       = transposed_.data();
    tile.weight_stride = outputs_ * static_cast<int64_t>(ggml_type_size(type_));
    set_weights(tile, kernels, type_);
    tile.epilogue       = more == nullptr ? Epilogue::none : Epilogue::residual_add;
    tile.operand        = more;
    tile.operand_stride = inputs_;
    tile.y              = to;
    tile.y_stride       = inputs_;
    run(kernels, tile);
}

void multiply_rows(const CpuKernels & kernels, const float * x, int64_t x_stride, int64_t n, const float * rows,
                   int64_t row_stride, int64_t outputs, int64_t k, float * y, int64_t y_stride) {
    GemmTile tile{};
    tile.x             = x;
    tile.x_stride      = x_stride;
    tile.tokens        = n;
    tile.k             = k;
    tile.n             = outputs;
    tile.weights       = reinterpret_cast<const char *>(rows);
    tile.weight_stride = row_stride * static_cast<int64_t>(sizeof(float));
    set_weights(tile, kernels, GGML_TYPE_F32);
    tile.y        = y;
    tile.y_stride = y_stride;
    run(kernels, tile);
}

} // namespace longembed
