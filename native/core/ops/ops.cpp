#include "ops.h"

#include "gemm_op.h"

namespace longembed {

namespace {

ggml_tensor * scale_and_shift(const GraphContext & ctx, const Norm & norm, ggml_tensor * x) {
    x = ggml_mul(ctx, x, norm.weight);
    return norm.bias == nullptr ? x : ggml_add(ctx, x, norm.bias);
}

ggml_tensor * activate(const GraphContext & ctx, Activation activation, ggml_tensor * x) {
    switch (activation) {
        case Activation::gelu_erf: return ggml_gelu_erf(ctx, x);
        case Activation::gelu_tanh: return ggml_gelu(ctx, x);
        case Activation::silu: return ggml_silu(ctx, x);
    }
    GGML_ABORT("unknown activation");
}

/// activation(up · x)
ggml_tensor * activated_up(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    if (part.activation == Activation::gelu_erf && has_own_gemm(ctx, part.up)) {
        return gemm(ctx, part.up, x, Epilogue::gelu);
    }
    return activate(ctx, part.activation, linear(ctx, part.up, x));
}

/// activation(gate · x) ⊙ up · x
ggml_tensor * gated_up(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    ggml_tensor * gate = linear(ctx, part.gate, x);
    if (part.activation != Activation::silu) {
        return ggml_mul(ctx, activate(ctx, part.activation, gate), linear(ctx, part.up, x));
    }
    return has_own_gemm(ctx, part.up) ? gemm(ctx, part.up, x, Epilogue::swiglu_gate, gate)
                                      : ggml_swiglu_split(ctx, gate, linear(ctx, part.up, x));
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
    if (has_own_gemm(ctx, layer)) {
        return gemm(ctx, layer, x, Epilogue::residual_add, to);
    }
    return ggml_add(ctx, linear(ctx, layer, x), to);
}

ggml_tensor * layer_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_norm(ctx, x, eps));
}

ggml_tensor * rms_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_rms_norm(ctx, x, eps));
}

ggml_tensor * add_feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x, ggml_tensor * to) {
    ggml_tensor * inner = part.gate.weight == nullptr ? activated_up(ctx, part, x) : gated_up(ctx, part, x);
    return add_linear(ctx, part.down, inner, to);
}

} // namespace longembed
