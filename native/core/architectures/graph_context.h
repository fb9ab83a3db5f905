#pragma once

#include "ggml.h"
#include "kernels/gelu_kernel.h"

namespace longembed {

/// Where graph pieces are built: ggml's context, which it stands for, and what they may use beside ggml's operations.
struct GraphContext {
    ggml_context * ggml;
    GeluKernel     gelu;  ///< our own, where the CPU computes; else null

    operator ggml_context *() const { return ggml; }
};

} // namespace longembed
