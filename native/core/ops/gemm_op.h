#pragma once

#include "graph_context.h"
#include "kernels/gemm.h"
#include "weights.h"

namespace longembed {

/// Sets how weights of this type lie in memory and are dequantized.
void set_weights(GemmTile & tile, const CpuKernels & kernels, ggml_type type);

/// Whether our own kernel can multiply by this layer's weights; else ggml must.
bool has_own_gemm(const GraphContext & ctx, const Linear & layer);

/// epilogue(weight · x + bias) by our own kernel, as a ggml operation that the CPU backend runs.
/// @param x        [in, tokens], its rows contiguous
/// @param operand  [out, tokens] for Epilogue::residual_add and the gates, else null
/// @return [out, tokens]
ggml_tensor * gemm(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, Epilogue epilogue = Epilogue::none,
                   ggml_tensor * operand = nullptr);

} // namespace longembed
