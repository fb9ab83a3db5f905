#include "norm_op.h"

#include <algorithm>
#include <cstring>

#include "ggml-backend.h"
#include "tensor_floats.h"

namespace longembed {

namespace {

/// Where eps is among an operation's parameters: the last one, as ggml's own for custom operations come first.
constexpr int eps_parameter = GGML_MAX_OP_PARAMS / sizeof(int32_t) - 1;

/// The sources of `y` are x, weight and bias. Parts are ranges of rows.
template <NormKind kind> void compute(ggml_tensor * y, int part, int parts, void * data) {
    const auto &        kernels = *static_cast<const CpuKernels *>(data);
    const ggml_tensor * x       = y->src[0];

    NormRows rows{};
    std::memcpy(&rows.eps, &y->op_params[eps_parameter], sizeof(float));
    rows.x_stride    = row_floats(x);
    rows.y_stride    = row_floats(y);
    rows.n           = x->ne[0];
    rows.is_centered = kind == NormKind::layer_norm;
    rows.weight      = floats(y->src[1]);
    rows.bias        = floats(y->src[2]);

    const int64_t first = ggml_nrows(x) * part / parts;
    const int64_t end   = ggml_nrows(x) * (part + 1) / parts;
    for (int64_t row = first; row < end; row += rows.rows) {
        const int64_t matrix = row / x->ne[1];
        const int64_t at     = row % x->ne[1];
        rows.rows            = std::min(end - row, x->ne[1] - at);
        rows.x =
            reinterpret_cast<const float *>(static_cast<const char *>(x->data) + matrix * x->nb[2] + at * x->nb[1]);
        rows.y = reinterpret_cast<float *>(static_cast<char *>(y->data) + matrix * y->nb[2] + at * y->nb[1]);
        kernels.norm(rows);
    }
}

} // namespace

bool has_own_norm(const GraphContext & ctx, const Norm & norm, const ggml_tensor * x) {
    return ctx.kernels->norm != nullptr && ggml_backend_buffer_is_host(norm.weight->buffer) && x->ne[3] == 1;
}

ggml_tensor * norm_op(const GraphContext & ctx, NormKind kind, const Norm & norm, ggml_tensor * x, float eps) {
    ggml_tensor * sources[] = {x, norm.weight, norm.bias};
    // the kernels outlive the graph, and ggml takes its user data mutable
    void *        kernels = const_cast<CpuKernels *>(ctx.kernels);
    ggml_tensor * y =
        ggml_custom_4d(ctx, GGML_TYPE_F32, x->ne[0], x->ne[1], x->ne[2], 1, sources, 3,
                       kind == NormKind::layer_norm ? compute<NormKind::layer_norm> : compute<NormKind::rms_norm>,
                       GGML_N_TASKS_MAX, kernels);
    std::memcpy(&y->op_params[eps_parameter], &eps, sizeof(float));
    return y;
}

} // namespace longembed
