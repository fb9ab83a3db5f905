#pragma once

#include <cstdint>

namespace longembed {

/// Turns `count` weights, a whole number of their type's blocks, into floats.
using ToFloats = void (*)(const void * from, float * to, int64_t count);

/// Columns of a weight row that are brought to floats at once; a multiple of every type's block.
constexpr int64_t product_depth = 1024;

/// Outputs that share the packing of their weights, at most; a multiple of what any variant takes at once.
constexpr int64_t product_outs = 64;

/// How weights lie in memory.
enum class Format {
    floats,
    bfloats,  ///< BF16
    other,
};

/// What happens to a sum before it is written.
enum class Finish {
    none,
    gelu,  ///< GELU by erf
    add,   ///< plus the `other` matrix
    gate,  ///< times SiLU of the `other` matrix
};

/// Some outputs of y = finish(x · weightsᵀ + bias) for some tokens.
struct ProductTile {
    const float * x;              ///< [tokens][size]
    int64_t       x_stride;       ///< floats from one token to the next
    int64_t       tokens;
    int64_t       size;           ///< inputs of an output

    const char *  weights;        ///< the first output's row
    int64_t       weight_stride;  ///< bytes from one row to the next
    int64_t       block;          ///< weights of a block of their type
    int64_t       block_bytes;
    Format        format;
    ToFloats      to_floats;      ///< not for floats
    int64_t       outs;

    const float * bias;           ///< [outs], or null
    Finish        finish;
    const float * other;          ///< [tokens][outs], where `finish` needs it
    int64_t       other_stride;

    float *       y;              ///< [tokens][outs]; not `x`, not `other`
    int64_t       y_stride;
};

/// Floats of scratch memory that a product takes; with BF16 x is made into pairs first.
constexpr int64_t product_scratch(int64_t tokens, int64_t size, int64_t numbers_per_item) {
    const int64_t panel = (product_outs + 16) * (product_depth + 16) + 8 * product_outs;
    return numbers_per_item == 1 ? panel : panel + tokens * ((size + 1) / 2);
}

/// The product, in full floats whatever the weights' type, or in BF16 with sums in floats. An output is the same whatever other tokens and outputs are computed
/// with it: its sum runs over the inputs in their order.
/// @param scratch  product_scratch() floats, 64-byte aligned
using ProductKernel = void (*)(const ProductTile & tile, float * scratch);

} // namespace longembed
