#include "gemm_op.h"

#include <algorithm>

#include "ggml-backend.h"
#include "repacked_weights.h"
#include "right_of_way.h"
#include "tensor_floats.h"

namespace longembed {

namespace {

/// The sources of `y` are weight, x, bias and operand. Parts are ranges of outputs and tokens.
template <Epilogue epilogue> void compute(ggml_tensor * y, int part, int parts, void * data) {
    const auto &        kernels = *static_cast<const CpuKernels *>(data);
    const ggml_tensor * weight  = y->src[0];
    const ggml_tensor * x       = y->src[1];
    const ggml_tensor * bias    = y->src[2];
    const ggml_tensor * operand = y->src[3];

    const ProductGrid grid(kernels, x->ne[1], weight->ne[1], parts);
    const OutputRange outputs = grid.outputs(part);
    const TokenRange  tokens  = grid.tokens(part);
    if (tokens.count() <= 0 || outputs.count() <= 0) {
        return;
    }
    GemmTile tile       = tile_of(kernels, weight, outputs);
    tile.x_stride       = row_floats(x);
    tile.x              = floats(x) + tokens.first * tile.x_stride;
    tile.tokens         = tokens.count();
    tile.bias           = bias == nullptr ? nullptr : floats(bias) + outputs.first;
    tile.epilogue       = epilogue;
    tile.operand_stride = row_floats(operand);
    tile.operand  = operand == nullptr ? nullptr : floats(operand) + tokens.first * tile.operand_stride + outputs.first;
    tile.y_stride = row_floats(y);
    tile.y        = static_cast<float *>(y->data) + tokens.first * tile.y_stride + outputs.first;
    kernels.gemm(tile, scratch_floats(kernels.gemm_scratch(tile.tokens, tile.k)));
}

ggml_custom_op_t operation(Epilogue epilogue) {
    switch (epilogue) {
        case Epilogue::gelu: return compute<Epilogue::gelu>;
        case Epilogue::residual_add: return compute<Epilogue::residual_add>;
        case Epilogue::swiglu_gate: return compute<Epilogue::swiglu_gate>;
        case Epilogue::geglu_gate: return compute<Epilogue::geglu_gate>;
        case Epilogue::geglu_tanh_gate: return compute<Epilogue::geglu_tanh_gate>;
        default: return compute<Epilogue::none>;
    }
}

WeightFormat quantized_format(ggml_type type) {
    switch (type) {
        case GGML_TYPE_Q4_0: return WeightFormat::q4_0;
        case GGML_TYPE_Q8_0: return WeightFormat::q8_0;
        case GGML_TYPE_Q4_K: return WeightFormat::q4_k;
        case GGML_TYPE_Q5_K: return WeightFormat::q5_k;
        case GGML_TYPE_Q6_K: return WeightFormat::q6_k;
        default: return WeightFormat::other;
    }
}

} // namespace

void set_weights(GemmTile & tile, const CpuKernels & kernels, ggml_type type) {
    tile.block       = ggml_blck_size(type);
    tile.block_bytes = static_cast<int64_t>(ggml_type_size(type));
    switch (type) {
        case GGML_TYPE_F32: tile.format = WeightFormat::f32; break;
        case GGML_TYPE_BF16:
            tile.format     = WeightFormat::bf16;
            tile.dequantize = kernels.bf16_to_f32;
            break;
        case GGML_TYPE_F16:
            tile.format     = WeightFormat::f16;
            tile.dequantize = kernels.f16_to_f32;
            break;
        default:
            tile.format     = quantized_format(type);
            tile.dequantize = ggml_get_type_traits(type)->to_float;
            break;
    }
}

GemmTile tile_of(const CpuKernels & kernels, const ggml_tensor * weight, const OutputRange & outputs, int64_t matrix) {
    GemmTile tile{};
    tile.k       = weight->ne[0];
    tile.weights = static_cast<const char *>(weight->data) + matrix * weight->nb[2] + outputs.first * weight->nb[1];
    tile.weight_stride = static_cast<int64_t>(weight->nb[1]);
    tile.n             = outputs.end - outputs.first;
    tile.pause         = RightOfWay::give_way;
    set_weights(tile, kernels, weight->type);
    if (kernels.repacked != nullptr) {
        tile.panels = kernels.repacked->find(tile.weights);
    }
    return tile;
}

bool has_own_gemm(const GraphContext & ctx, const Linear & layer) {
    // only their owner knows the order of weights in buffers of other kinds
    return ctx.kernels->gemm != nullptr && ggml_backend_buffer_is_host(layer.weight->buffer);
}

ggml_tensor * gemm(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, Epilogue epilogue,
                   ggml_tensor * operand) {
    ggml_tensor * sources[] = {layer.weight, x, layer.bias, operand};
    // the kernels outlive the graph, and ggml takes its user data mutable
    void * kernels = const_cast<CpuKernels *>(ctx.kernels);
    return ggml_custom_4d(ctx, GGML_TYPE_F32, layer.weight->ne[1], x->ne[1], 1, 1, sources, 4, operation(epilogue),
                          GGML_N_TASKS_MAX, kernels);
}

} // namespace longembed
