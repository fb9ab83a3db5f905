#pragma once

#include "graph_context.h"
#include "weights.h"

namespace longembed {

enum class NormKind { layer_norm, rms_norm };

/// Whether our own kernel can normalize with these weights; else ggml must.
bool has_own_norm(const GraphContext & ctx, const Norm & norm, const ggml_tensor * x);

/// The norm of the rows of x by our own kernel, times its weight and plus its bias, as a ggml operation that the CPU
/// backend runs.
/// @param x  [n, …] of floats, each row contiguous
/// @return as x, contiguous
ggml_tensor * norm_op(const GraphContext & ctx, NormKind kind, const Norm & norm, ggml_tensor * x, float eps);

} // namespace longembed
