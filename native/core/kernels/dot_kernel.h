#pragma once

#include <cstdint>

namespace longembed {

/// Rows of a side that a call of the kernel takes at most.
constexpr int64_t dot_tile = 24;

/// Every row of one matrix with every row of another; rows lie one after the other, `size` floats each.
struct DotTile {
    const float * left;
    int64_t       left_rows;   ///< 1 … dot_tile
    const float * right;
    int64_t       right_rows;  ///< 1 … dot_tile
    int64_t       size;        ///< floats of a row
    float *       out;         ///< [left_rows][right_rows]
    int64_t       out_stride;  ///< floats from one row of `out` to the next
};

/// Dot products of rows. Sixteen products are added up in floats, those sums in doubles: a result is off by about 1e-6 of the sum
/// of the products' magnitudes at most, however long the rows are. A pair's result does not depend on what else is in the tile.
using DotKernel = void (*)(const DotTile & tile);

} // namespace longembed
