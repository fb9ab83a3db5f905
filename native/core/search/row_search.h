#pragma once

#include <cstdint>
#include <vector>

#include "control.h"
#include "quantized_rows.h"

namespace longembed {

// A matrix of rows in blocks, and its products with a query: bounds of all of them, from a copy of the rows in a
// quarter of the bytes, and the products themselves of the rows that the bounds leave.

/// Blocks of the same number of rows, but for the last one, of which a part may be in use.
template <typename Block> struct Blocks {
    std::vector<Block> blocks;
    int64_t            rows_per_block; ///< >= 1
    int64_t            rows;           ///< in all blocks
    int64_t            size;           ///< numbers of a row, >= 1
};

/// Rows as `quantize_rows` makes them.
struct CodedBlock {
    const int8_t *    codes;
    const CodeFacts * facts;
};

/// Rows `begin` up to `end`.
struct RowRange {
    int64_t begin;
    int64_t end;
};

/// Bounds of what `products_of` gives for each row: lower [rows] <= product <= upper [rows], whatever the kernels.
/// @param query    [size]
/// @param threads  >= 1
/// @throws Error ERR_ABORTED when `control` is cancelled
void bound_products(const float * query, const Blocks<CodedBlock> & rows, float * lower, float * upper, int threads,
                    const Control & control);

/// The products of the query and the rows of the ranges, in their order, with the bits that `dot_products` gives.
/// @param ranges   within the rows
/// @param out      as many floats as the ranges have rows
void products_of(const float * query, const Blocks<const float *> & rows, const std::vector<RowRange> & ranges,
                 float * out, int threads, const Control & control);

} // namespace longembed
