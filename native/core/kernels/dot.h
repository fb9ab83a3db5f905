#pragma once

#include <cstdint>

namespace longembed {

/// Maximum rows of each side in one call.
constexpr int64_t dot_tile = 24;

/// Every row of one matrix with every row of another. Rows of `size` floats are contiguous.
struct DotTile {
    const float * left;
    int64_t       left_rows; ///< 1 … dot_tile
    const float * right;
    int64_t       right_rows; ///< 1 … dot_tile
    int64_t       size;       ///< floats of a row
    float *       out;        ///< [left_rows][right_rows]
    int64_t       out_stride; ///< floats from one row of `out` to the next
};

/// Dot products of rows. Sixteen products at a time are added in floats, those sums in doubles, so that the error is at
/// most about 1e-6 of the sum of the products' magnitudes for rows of any length. A pair's result does not depend on
/// the rest of the tile.
using DotKernel = void (*)(const DotTile & tile);

} // namespace longembed
