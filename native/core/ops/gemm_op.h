#pragma once

#include "graph_context.h"
#include "kernels/gemm.h"
#include "product_grid.h"
#include "weights.h"

namespace longembed {

/// Sets how weights of this type lie in memory and are dequantized.
void set_weights(GemmTile & tile, const CpuKernels & kernels, ggml_type type);

/// A product with some outputs of one of a tensor's matrices, which gives way to short work while it is computed; x, y
/// and what goes with the sums are still to be set.
GemmTile tile_of(const CpuKernels & kernels, const ggml_tensor * weight, const OutputRange & outputs,
                 int64_t matrix = 0);

/// Whether our own kernel can multiply by this layer's weights; else ggml must.
bool has_own_gemm(const GraphContext & ctx, const Linear & layer);

/// epilogue(weight · x + bias) by our own kernel, as a ggml operation that the CPU backend runs.
/// @param x        [in, tokens], its rows contiguous
/// @param operand  [out, tokens] for Epilogue::residual_add and the gates, else null
/// @return [out, tokens]
ggml_tensor * gemm(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, Epilogue epilogue = Epilogue::none,
                   ggml_tensor * operand = nullptr);

} // namespace longembed
