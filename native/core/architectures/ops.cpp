#include "ops.h"

namespace longembed {

namespace {

ggml_tensor * scale_and_shift(ggml_context * ctx, const Norm & norm, ggml_tensor * x) {
    x = ggml_mul(ctx, x, norm.weight);
    return norm.bias == nullptr ? x : ggml_add(ctx, x, norm.bias);
}

} // namespace

ggml_tensor * linear(ggml_context * ctx, const Linear & layer, ggml_tensor * x) {
    ggml_tensor * y = ggml_mul_mat(ctx, layer.weight, x);
    return layer.bias == nullptr ? y : ggml_add(ctx, y, layer.bias);
}

ggml_tensor * layer_norm(ggml_context * ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_norm(ctx, x, eps));
}

ggml_tensor * rms_norm(ggml_context * ctx, const Norm & norm, ggml_tensor * x, float eps) {
    return scale_and_shift(ctx, norm, ggml_rms_norm(ctx, x, eps));
}

ggml_tensor * gelu_feed_forward(ggml_context * ctx, const Linear & up, const Linear & down, ggml_tensor * x) {
    return linear(ctx, down, ggml_gelu_erf(ctx, linear(ctx, up, x)));
}

ggml_tensor * swiglu_feed_forward(ggml_context * ctx, const Linear & gate, const Linear & up, const Linear & down, ggml_tensor * x) {
    return linear(ctx, down, ggml_swiglu_split(ctx, linear(ctx, gate, x), linear(ctx, up, x)));
}

} // namespace longembed
