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

    /// Numbers that are multiplied at once: 1, floats; 2, pairs of BF16, as keys and values are to be packed then.
    int64_t numbers_per_item = 1;

    /// Products and sums in registers alone, rounds × peak_operations of them: what the machine can do at most.
    float (*peak)(int64_t rounds) = nullptr;
    int64_t peak_operations       = 0;
};

/// Which numbers products and attention multiply: floats, or BF16 (8 bits of precision) with sums in floats.
enum class Precision { full, bf16 };

/// The fastest for this machine; null ones where it has no instructions for this precision.
///
/// The environment variable LONGEMBED_KERNELS names others, for tests and comparisons: "avx512", "avx2", "portable" (what the
/// machine cannot run is passed over), "ggml" for none, or "ggml-padded": none, and heads padded as on a CUDA device.
CpuKernels cpu_kernels(Precision precision = Precision::full);

} // namespace longembed
