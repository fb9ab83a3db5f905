#pragma once

#include "graph_context.h"
#include "weights.h"

namespace longembed {

/// to + what a mixture of experts makes of x [in, tokens], by our own kernels, as ggml operations that the CPU backend
/// runs. Only the chosen experts' work is done: the tokens of each expert are multiplied together. A token's sums do
/// not depend on which other tokens share its experts. Of equally probable experts the first is chosen.
ggml_tensor * experts_op(const GraphContext & ctx, const Experts & experts, ggml_tensor * x, ggml_tensor * to);

} // namespace longembed
