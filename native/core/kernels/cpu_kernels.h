#pragma once

#include "attention_kernel.h"
#include "dot_kernel.h"
#include "product_kernel.h"

namespace longembed {

/// Our own kernels, all for the same instruction set; null where the compiler could make none.
struct CpuKernels {
    AttentionKernel attention = nullptr;
    ProductKernel   product   = nullptr;
    ToFloats        halves    = nullptr;  ///< F16
    ToFloats        bfloats   = nullptr;  ///< BF16
    DotKernel       dot       = nullptr;

    /// Products and sums in registers alone, rounds × peak_operations of them: the machine's limit, to compare with.
    float (*peak)(int64_t rounds) = nullptr;
    int64_t peak_operations       = 0;
};

/// The fastest for this machine.
///
/// The environment variable LONGEMBED_KERNELS names others, for tests and comparisons: "avx512", "avx2", "portable" (what the
/// machine cannot run is passed over), or "ggml" for none.
CpuKernels cpu_kernels();

} // namespace longembed
