#pragma once

#include "graph_context.h"
#include "kernels/product_kernel.h"
#include "weights.h"

namespace longembed {

/// Says in the tile how weights of a type lie in memory and become floats.
void set_weights(ProductTile & tile, const CpuKernels & kernels, ggml_type type);

/// Whether our own kernel computes this product; else ggml must.
bool has_cpu_product(const GraphContext & ctx, const Linear & layer);

/// finish(weight · x + bias) by our own kernel, as a ggml operation that the CPU backend runs.
/// @param x      [in, n], its rows contiguous
/// @param other  [out, n] for Finish::add and Finish::gate, else null
/// @return [out, n]
ggml_tensor * cpu_product(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, Finish finish = Finish::none, ggml_tensor * other = nullptr);

} // namespace longembed
