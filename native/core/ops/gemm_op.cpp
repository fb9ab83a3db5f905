#include "gemm_op.h"

#include <algorithm>

#include "ggml-backend.h"
#include "kernels/scratch.h"

namespace longembed {

namespace {

const float * floats(const ggml_tensor * tensor) {
    return tensor == nullptr ? nullptr : static_cast<const float *>(tensor->data);
}

int64_t row_floats(const ggml_tensor * tensor) {
    return tensor == nullptr ? 0 : static_cast<int64_t>(tensor->nb[1] / sizeof(float));
}

/// The sources of `y` are weight, x, bias and other.
template <Finish finish> void compute(ggml_tensor * y, int part, int parts, void * data) {
    const auto &        kernels = *static_cast<const CpuKernels *>(data);
    const ggml_tensor * weight  = y->src[0];
    const ggml_tensor * x       = y->src[1];
    const ggml_tensor * bias    = y->src[2];
    const ggml_tensor * other   = y->src[3];

    const int64_t panels = (weight->ne[1] + product_outs - 1) / product_outs;
    const int64_t first  = panels * part / parts * product_outs;
    const int64_t end    = std::min(weight->ne[1], panels * (part + 1) / parts * product_outs);
    if (first >= end) {
        return;
    }
    ProductTile tile{};
    tile.x             = floats(x);
    tile.x_stride      = row_floats(x);
    tile.tokens        = x->ne[1];
    tile.size          = weight->ne[0];
    tile.weights       = static_cast<const char *>(weight->data) + first * weight->nb[1];
    tile.weight_stride = static_cast<int64_t>(weight->nb[1]);
    set_weights(tile, kernels, weight->type);
    tile.outs          = end - first;
    tile.bias          = bias == nullptr ? nullptr : floats(bias) + first;
    tile.finish        = finish;
    tile.other         = other == nullptr ? nullptr : floats(other) + first;
    tile.other_stride  = row_floats(other);
    tile.y             = static_cast<float *>(y->data) + first;
    tile.y_stride      = row_floats(y);
    kernels.product(tile, scratch_floats(product_scratch(tile.tokens, tile.size, kernels.numbers_per_item)));
}

ggml_custom_op_t operation(Finish finish) {
    switch (finish) {
        case Finish::gelu: return compute<Finish::gelu>;
        case Finish::add:  return compute<Finish::add>;
        case Finish::gate: return compute<Finish::gate>;
        default:           return compute<Finish::none>;
    }
}

} // namespace

void set_weights(ProductTile & tile, const CpuKernels & kernels, ggml_type type) {
    tile.block       = ggml_blck_size(type);
    tile.block_bytes = static_cast<int64_t>(ggml_type_size(type));
    switch (type) {
        case GGML_TYPE_F32:
            tile.format = Format::floats;
            break;
        case GGML_TYPE_BF16:
            tile.format    = Format::bfloats;
            tile.to_floats = kernels.bfloats;
            break;
        default:
            tile.format    = Format::other;
            tile.to_floats = type == GGML_TYPE_F16 ? kernels.halves : ggml_get_type_traits(type)->to_float;
            break;
    }
}

bool has_cpu_product(const GraphContext & ctx, const Linear & layer) {
    // in other buffers weights lie in an order that only their owner knows
    return ctx.kernels->product != nullptr && ggml_backend_buffer_is_host(layer.weight->buffer);
}

ggml_tensor * cpu_product(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, Finish finish, ggml_tensor * other) {
    ggml_tensor * sources[] = {layer.weight, x, layer.bias, other};
    // the kernels outlive the graph, and ggml takes its user data mutable
    void * kernels = const_cast<CpuKernels *>(ctx.kernels);
    return ggml_custom_4d(ctx, GGML_TYPE_F32, layer.weight->ne[1], x->ne[1], 1, 1, sources, 4, operation(finish), GGML_N_TASKS_MAX, kernels);
}

} // namespace longembed
