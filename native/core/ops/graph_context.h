#pragma once

#include "ggml.h"
#include "kernels/cpu_kernels.h"

namespace longembed {

/// Where graph pieces are built: ggml's context, which it stands for, and what they may use beside ggml's operations.
struct GraphContext {
    ggml_context *     ggml;
    const CpuKernels * kernels; ///< our own, where the CPU computes; null ones elsewhere; outlives the graph

    operator ggml_context *() const { return ggml; }
};

} // namespace longembed
