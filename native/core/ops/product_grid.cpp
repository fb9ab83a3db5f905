#include "product_grid.h"

#include <algorithm>
#include <limits>

namespace longembed {

namespace {

constexpr int64_t units_of(int64_t count, int64_t unit) {
    return (count + unit - 1) / unit;
}

/// Of the largest of some parts.
constexpr int64_t largest(int64_t count, int64_t unit, int parts) {
    return std::min(count, units_of(units_of(count, unit), parts) * unit);
}

constexpr int64_t begin_of(int64_t count, int64_t unit, int part, int parts) {
    return std::min(count, units_of(count, unit) * part / parts * unit);
}

} // namespace

OutputRange OutputRange::of_part(int64_t outputs, int64_t unit, int part, int parts) {
    return {begin_of(outputs, unit, part, parts), begin_of(outputs, unit, part + 1, parts)};
}

ProductGrid::ProductGrid(const CpuKernels & kernels, int64_t tokens, int64_t outputs, int parts)
    : tokens_(tokens), outputs_(outputs), token_unit_(kernels.token_unit), output_unit_(kernels.output_unit) {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (int rows = 1; rows <= parts && rows <= units_of(tokens, token_unit_); ++rows) {
        const int     columns = parts / rows;
        const int64_t of_part = largest(tokens, token_unit_, rows);
        const int64_t out     = largest(outputs, output_unit_, columns);
        const int64_t cost    = of_part * out + of_part * kernels.input_cost + out * kernels.weight_cost;
        if (cost < least) {
            least    = cost;
            rows_    = rows;
            columns_ = columns;
        }
    }
}

OutputRange ProductGrid::outputs(int part) const {
    return part < rows_ * columns_ ? OutputRange::of_part(outputs_, output_unit_, part % columns_, columns_)
                                   : OutputRange{0, 0};
}

TokenRange ProductGrid::tokens(int part) const {
    if (part >= rows_ * columns_) {
        return {0, 0};
    }
    const int row = part / columns_;
    return {begin_of(tokens_, token_unit_, row, rows_), begin_of(tokens_, token_unit_, row + 1, rows_)};
}

} // namespace longembed
