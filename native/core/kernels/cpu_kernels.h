#pragma once

#include "attention.h"
#include "code_dot.h"
#include "dot.h"
#include "gemm.h"
#include "gradient.h"
#include "norm.h"

namespace longembed {

class RepackedWeights;

/// Our own kernels, all for the same instruction set; null where ggml computes instead.
struct CpuKernels {
    const char *    name      = "ggml"; ///< of the variant, or the value of LONGEMBED_KERNELS
    AttentionKernel attention = nullptr;
    SplitAttention  split_attention;
    GemmKernel      gemm         = nullptr;
    GemmScratchSize gemm_scratch = nullptr;
    PackPanel       pack_panel   = nullptr; ///< null where products take no panels
    Dequantize      f16_to_f32   = nullptr;
    Dequantize      bf16_to_f32  = nullptr;
    NormKernel      norm         = nullptr;
    DotKernel       dot          = nullptr;
    CodeDotKernel   code_dot     = nullptr;
    GradientKernels gradient;

    /// Numbers in a 32-bit word of packed keys and values: 1, a float; 2, a pair in BF16.
    int64_t pack_factor = 1;

    /// What a product takes for each of an output's weights and each of a token's inputs that it reads, converts or
    /// packs, beside the multiply-adds, in multiply-adds.
    int64_t weight_cost = 32;
    int64_t input_cost  = 8;

    /// Outputs and tokens that a product computes together: a thread's share is a multiple of them.
    int64_t output_unit = 64;
    int64_t token_unit  = 32;

    /// Outputs in a panel of weights (WeightPanels); 0: products take none.
    int64_t panel = 0;

    /// The panels of a model's weights; null: none.
    const RepackedWeights * repacked = nullptr;

    /// The largest error of a product's terms, relative to them, beside that of adding them up; 0 where they are exact.
    float term_error = 0.0f;
};

/// Number format of matrix products and attention: floats, or BF16 (8 bits of precision) with sums in floats.
enum class Precision { full, bf16 };

/// Kernels for one instruction set.
struct KernelVariant {
    const char * name;  ///< "amx", "avx512", "avx2", "portable", "avx512-emulated", "amx-emulated"; for
                        ///< bf16 "amxbf16", "avx512bf16", "amxbf16-emulated"
    const char * needs; ///< the required processor features, for messages; "": none
    Precision    precision;
    bool         is_usable; ///< this processor has what the variant needs
    CpuKernels (*make)();
    bool is_for_tests = false; ///< chosen by its name alone
};

/// The variants that were compiled, in the order in which they are preferred: from `begin` to `end`.
struct KernelVariants {
    const KernelVariant * first;
    int                   count;

    const KernelVariant * begin() const { return first; }
    const KernelVariant * end() const { return first + count; }
};
KernelVariants kernel_variants();

/// The fastest kernels for this machine; null ones if it has no instructions for this precision.
///
/// The environment variable LONGEMBED_KERNELS chooses others, for tests and comparisons: a variant's name (ignored if
/// the processor cannot run it), "ggml" for none, or "ggml-padded": none, and heads padded as on a CUDA device.
CpuKernels cpu_kernels(Precision precision = Precision::full);

/// Whether LONGEMBED_KERNELS names these kernels.
bool is_requested(const CpuKernels & kernels);

/// Whether LONGEMBED_KERNELS is "ggml-padded".
bool pads_heads_as_cuda();

/// Scratch memory of the calling thread, 64-byte aligned. The next call returns the same memory, larger if need be; its
/// contents are unspecified.
float * scratch_floats(int64_t count);

} // namespace longembed
