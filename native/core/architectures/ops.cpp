#include "ops.h"

namespace longembed {

namespace {

ggml_tensor * scale_and_shift(const GraphContext & ctx, const Norm & norm, ggml_tensor * x) {
    x = ggml_mul(ctx, x, norm.weight);
    return norm.bias == nullptr ? x : ggml_add(ctx, x, norm.bias);
}

/// A part of a tensor by our own kernel, whose address is `kernel`.
void run_gelu(ggml_tensor * x, int part, int parts, void * kernel) {
    const int64_t count = ggml_nelements(x);
    const int64_t begin = count * part / parts;
    const int64_t end   = count * (part + 1) / parts;
    reinterpret_cast<GeluKernel>(kernel)(static_cast<float *>(x->data) + begin, end - begin);
}

ggml_tensor * gelu(const GraphContext & ctx, ggml_tensor * x) {
    if (ctx.gelu == nullptr) {
        return ggml_gelu_erf(ctx, x);
    }
    return ggml_custom_inplace(ctx, x, nullptr, 0, run_gelu, GGML_N_TASKS_MAX, reinterpret_cast<void *>(ctx.gelu));
}

} // namespace

ggml_tensor * linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x) {
    ggml_tensor * y = ggml_mul_mat(ctx, layer.weight, x);
    return layer.bias == nullptr ? y : ggml_add(ctx, y, layer.bias);
}

ggml_tensor * layer_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_norm(ctx, x, eps));
}

ggml_tensor * rms_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_rms_norm(ctx, x, eps));
}

ggml_tensor * gelu_feed_forward(const GraphContext & ctx, const Linear & up, const Linear & down, ggml_tensor * x) {
    return linear(ctx, down, gelu(ctx, linear(ctx, up, x)));
}

ggml_tensor * swiglu_feed_forward(const GraphContext & ctx, const Linear & gate, const Linear & up, const Linear & down, ggml_tensor * x) {
    return linear(ctx, down, ggml_swiglu_split(ctx, linear(ctx, gate, x), linear(ctx, up, x)));
}

} // namespace longembed
