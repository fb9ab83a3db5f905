#include "ops.h"

#include <optional>

#include "experts_op.h"
#include "gemm_op.h"
#include "ggml-backend.h"
#include "norm_op.h"

namespace longembed {

namespace {

ggml_tensor * scale_and_shift(const GraphContext & ctx, const Norm & norm, ggml_tensor * x) {
    x = ggml_mul(ctx, x, norm.weight);
    return norm.bias == nullptr ? x : ggml_add(ctx, x, norm.bias);
}

/// GELU with tanh, x · sigmoid(2 √(2/π) · (x + 0.044715 x³)), from operations that are exact: the one that ggml has for
/// it on a CPU looks it up in a table of halves.
ggml_tensor * gelu_tanh(const GraphContext & ctx, ggml_tensor * x) {
    constexpr float factor = 1.595769122f; // 2 √(2/π)
    ggml_tensor *   slope  = ggml_scale_bias(ctx, ggml_sqr(ctx, x), factor * 0.044715f, factor);
    return ggml_mul(ctx, x, ggml_sigmoid(ctx, ggml_mul(ctx, slope, x)));
}

/// ggml's own makes 0 of NaN: what damaged weights or an overflow left would be a vector that nobody can tell is wrong.
ggml_tensor * relu(const GraphContext & ctx, ggml_tensor * x) {
    return ggml_mul(ctx, x, ggml_step(ctx, x));
}

ggml_tensor * activate(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    switch (part.activation) {
        case Activation::gelu_erf: return ggml_gelu_erf(ctx, x);
        case Activation::gelu_tanh:
            return ggml_backend_buffer_is_host(part.up.weight->buffer) ? gelu_tanh(ctx, x) : ggml_gelu(ctx, x);
        case Activation::silu: return ggml_silu(ctx, x);
        case Activation::relu: return relu(ctx, x);
    }
    GGML_ABORT("unknown activation");
}

/// activation(up · x)
ggml_tensor * activated_up(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    if (part.activation == Activation::gelu_erf && has_own_gemm(ctx, part.up)) {
        return gemm(ctx, part.up, x, Epilogue::gelu);
    }
    return activate(ctx, part, linear(ctx, part.up, x));
}

std::optional<Epilogue> gate_epilogue(Activation activation) {
    switch (activation) {
        case Activation::gelu_erf: return Epilogue::geglu_gate;
        case Activation::gelu_tanh: return Epilogue::geglu_tanh_gate;
        case Activation::silu: return Epilogue::swiglu_gate;
        case Activation::relu: break;
    }
    return std::nullopt;
}

/// activation(gate · x) ⊙ up · x
ggml_tensor * gated_up(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    ggml_tensor * gate = linear(ctx, part.gate, x);
    if (const auto epilogue = gate_epilogue(part.activation); epilogue && has_own_gemm(ctx, part.up)) {
        return gemm(ctx, part.up, x, *epilogue, gate);
    }
    if (part.activation == Activation::silu) {
        return ggml_swiglu_split(ctx, gate, linear(ctx, part.up, x));
    }
    return ggml_mul(ctx, activate(ctx, part, gate), linear(ctx, part.up, x));
}

/// What `down` is applied to.
ggml_tensor * inner_width(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    return part.gate.weight == nullptr ? activated_up(ctx, part, x) : gated_up(ctx, part, x);
}

/// The same by ggml's operations, which run on every device.
ggml_tensor * add_experts_by_ggml(const GraphContext & ctx, const Experts & experts, ggml_tensor * x,
                                  ggml_tensor * to) {
    const int64_t tokens = x->ne[1];
    ggml_tensor * probs  = ggml_soft_max(ctx, ggml_mul_mat(ctx, experts.router, x));
    ggml_tensor * ids    = ggml_argsort_top_k(ctx, probs, static_cast<int>(experts.used));
    ggml_tensor * each   = ggml_get_rows(ctx, ggml_reshape_3d(ctx, probs, 1, probs->ne[0], tokens), ids);

    ggml_tensor * y = ggml_mul_mat_id(ctx, experts.up, ggml_reshape_3d(ctx, x, x->ne[0], 1, tokens), ids);
    y = ggml_mul(ctx, ggml_mul_mat_id(ctx, experts.down, ggml_gelu_erf(ctx, y), ids), each); // [in, used, tokens]
    for (int64_t rank = 0; rank < experts.used; ++rank) {
        to = ggml_add(ctx, to, ggml_view_2d(ctx, y, y->ne[0], tokens, y->nb[2], rank * y->nb[1]));
    }
    return to;
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

ggml_tensor * accumulate_linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, ggml_tensor * to) {
    return has_own_gemm(ctx, layer) ? add_linear(ctx, layer, x, to) : ggml_add_inplace(ctx, to, linear(ctx, layer, x));
}

ggml_tensor * layer_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return has_own_norm(ctx, norm, x) ? norm_op(ctx, NormKind::layer_norm, norm, x, eps)
                                      : scale_and_shift(ctx, norm, ggml_norm(ctx, x, eps));
}

ggml_tensor * rms_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return has_own_norm(ctx, norm, x) ? norm_op(ctx, NormKind::rms_norm, norm, x, eps)
                                      : scale_and_shift(ctx, norm, ggml_rms_norm(ctx, x, eps));
}

ggml_tensor * feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x) {
    return linear(ctx, part.down, inner_width(ctx, part, x));
}

ggml_tensor * add_feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x, ggml_tensor * to) {
    return add_linear(ctx, part.down, inner_width(ctx, part, x), to);
}

ggml_tensor * accumulate_feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x,
                                      ggml_tensor * to) {
    return accumulate_linear(ctx, part.down, inner_width(ctx, part, x), to);
}

ggml_tensor * add_experts(const GraphContext & ctx, const Experts & experts, ggml_tensor * x, ggml_tensor * to) {
    // the weights of a layer lie together
    return has_own_gemm(ctx, {experts.up, nullptr}) ? experts_op(ctx, experts, x, to)
                                                    : add_experts_by_ggml(ctx, experts, x, to);
}

} // namespace longembed
