#include "ops.h"

#include "gemm_op.h"

namespace longembed {

namespace {

ggml_tensor * scale_and_shift(const GraphContext & ctx, const Norm & norm, ggml_tensor * x) {
    x = ggml_mul(ctx, x, norm.weight);
    return norm.bias == nullptr ? x : ggml_add(ctx, x, norm.bias);
}

} // namespace

ggml_tensor * linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x) {
    if (has_own_gemm(ctx, layer)) {
        return gemm(ctx, layer, x);
    }
    ggml_tensor * y = ggml_mul_mat(ctx, layer.weight, x);
    return layer.bias == nullptr ? y : ggml_add(ctx, y, layer.bias);
}

ggml_tensor * add_linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, ggml_tensor * to) {
    return has_own_gemm(ctx, layer) ? gemm(ctx, layer, x, Epilogue::residual_add, to) : ggml_add(ctx, linear(ctx, layer, x), to);
}

ggml_tensor * layer_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_norm(ctx, x, eps));
}

ggml_tensor * rms_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_rms_norm(ctx, x, eps));
}

ggml_tensor * add_gelu_feed_forward(const GraphContext & ctx, const Linear & up, const Linear & down, ggml_tensor * x) {
    ggml_tensor * inner = has_own_gemm(ctx, up) ? gemm(ctx, up, x, Epilogue::gelu) : ggml_gelu_erf(ctx, linear(ctx, up, x));
    return add_linear(ctx, down, inner, x);
}

ggml_tensor * add_swiglu_feed_forward(const GraphContext & ctx, const Linear & gate, const Linear & up, const Linear & down, ggml_tensor * x,
                                      ggml_tensor * to) {
    ggml_tensor * gates = linear(ctx, gate, x);
    ggml_tensor * inner = has_own_gemm(ctx, up) ? gemm(ctx, up, x, Epilogue::swiglu_gate, gates) : ggml_swiglu_split(ctx, gates, linear(ctx, up, x));
    return add_linear(ctx, down, inner, to);
}

} // namespace longembed
