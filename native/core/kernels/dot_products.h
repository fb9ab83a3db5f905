#pragma once

#include <cstdint>

#include "control.h"

namespace longembed {

/// Two matrices of rows that lie one after the other, `size` floats each.
struct RowPairs {
    const float * left;
    int64_t       left_rows;
    const float * right;
    int64_t       right_rows;
    int64_t       size;  ///< >= 1
};

/// out [left_rows][right_rows] = the dot product of every left row with every right row, each off by about 1e-6 of the sum of its
/// products' magnitudes at most. The result of a pair depends on the two rows only, not on the others or on the threads.
/// @param threads  >= 1
/// @throws Error ERR_ABORTED when `control` is cancelled
void dot_products(const RowPairs & rows, float * out, int threads, const Control & control);

} // namespace longembed
