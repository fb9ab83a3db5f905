#pragma once

#include <cstdint>

namespace longembed {

/// Converts `count` weights, a whole number of their type's blocks, to floats.
using Dequantize = void (*)(const void * from, float * to, int64_t count);

/// Inputs of a weight row that are dequantized and packed at once; a multiple of every type's block.
constexpr int64_t gemm_kc = 1024;

/// A multiple of the outputs of every variant's register tile, and at least as many.
constexpr int64_t gemm_nc = 64;

/// How weights lie in memory.
enum class WeightFormat {
    f32,
    f16,
    bf16,
    q4_0,
    q8_0,
    q4_k,
    q5_k,
    q6_k,
    other,
};

/// What is applied to a sum before it is written.
enum class Epilogue {
    none,
    gelu,            ///< GELU with erf
    residual_add,    ///< plus `operand`
    swiglu_gate,     ///< times SiLU of `operand`
    geglu_gate,      ///< times GELU of `operand`, with erf
    geglu_tanh_gate, ///< the same with tanh
};

/// Weights once more, in the order in which a kernel reads them, so that none are packed when they are multiplied:
/// [outputs / panel][k][panel], the last panel filled up with zeros.
struct WeightPanels {
    const char * data   = nullptr; ///< of the first output, which begins a panel; null: there are none
    WeightFormat format = WeightFormat::f32;
};

/// Of a weight in a panel, which is a float or a half.
constexpr int64_t panel_weight_bytes(WeightFormat format) {
    return format == WeightFormat::f32 ? 4 : 2;
}

/// y = epilogue(x · weightsᵀ + bias) for some tokens and n of the outputs.
struct GemmTile {
    const float * x;        ///< [tokens][k]
    int64_t       x_stride; ///< floats from one token to the next
    int64_t       tokens;
    int64_t       k; ///< inputs of an output

    const char * weights;       ///< the first output's row
    int64_t      weight_stride; ///< bytes from one row to the next
    int64_t      block;         ///< weights in a block of their type
    int64_t      block_bytes;
    WeightFormat format;
    Dequantize   dequantize; ///< null for WeightFormat::f32
    int64_t      n;          ///< outputs
    WeightPanels panels;     ///< of these outputs, or none

    const float * bias; ///< [n], or null
    Epilogue      epilogue;
    const float * operand; ///< [tokens][n] where the epilogue needs it, else null
    int64_t       operand_stride;

    float * y; ///< [tokens][n]; overlaps neither `x` nor `operand`
    int64_t y_stride;

    void (*pause)(); ///< called every few milliseconds or more often, for threads that must give way; or null
};

/// Whether the kernel of gemm_body.h copies gemm_kc inputs of all tokens at a time, to read them from one end to the
/// other for each panel: so long rows are as many pages as there are tokens, and compete for the same sets of the
/// caches. With few tokens they stay in the first ones.
constexpr bool gemm_copies_x(int64_t tokens, int64_t k) {
    return tokens >= 64 && k >= 4 * gemm_kc;
}

/// What the kernel of gemm_body.h takes. With a pack factor of 2, x is packed first.
constexpr int64_t gemm_scratch(int64_t tokens, int64_t k, int64_t pack_factor) {
    const int64_t panel = (gemm_nc + 16) * (gemm_kc + 16) + 8 * gemm_nc;
    const int64_t x     = gemm_copies_x(tokens, k) ? tokens * gemm_kc : 0;
    return panel + (pack_factor == 1 ? x : tokens * ((k + 1) / 2));
}

/// Multiplies in F32 whatever the weights' type, or in BF16 with sums in F32. An output does not depend on which other
/// tokens and outputs are computed with it: its sum runs over the inputs in order.
/// @param scratch  as many floats as the variant's GemmScratchSize says, 64-byte aligned
using GemmKernel = void (*)(const GemmTile & tile, float * scratch);

/// Packs the weights of a panel's outputs as floats: [k][outputs in a panel], zeros past the last output. What a
/// product packs itself has the same bits.
/// @param weights  k, n, and what says where they are and what they look like
/// @param out      the panel's first output
/// @param scratch  as for a product
using PackPanel = void (*)(const GemmTile & weights, int64_t out, float * panel, float * scratch);

/// Floats of scratch memory that a call with at most so many tokens takes.
using GemmScratchSize = int64_t (*)(int64_t tokens, int64_t k);

} // namespace longembed
