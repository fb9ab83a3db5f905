#pragma once

#include <cstdint>

#include "control.h"
#include "kernels/dot.h"

namespace longembed {

/// Two matrices of contiguous rows, `size` floats each.
struct RowPairs {
    const float * left;
    int64_t       left_rows;
    const float * right;
    int64_t       right_rows;
    int64_t       size; ///< >= 1
};

/// Our kernel for this machine, or a plain loop where compilers cannot compile ours.
DotKernel dot_kernel();

/// out [left_rows][right_rows] = the dot product of every left row with every right row, each with an error of at most
/// about 1e-6 of the sum of its products' magnitudes. A pair's result depends on its two rows alone, not on other rows
/// or the number of threads.
/// @param threads  >= 1
/// @throws Error ERR_ABORTED when `control` is cancelled
void dot_products(const RowPairs & rows, float * out, int threads, const Control & control);

} // namespace longembed
