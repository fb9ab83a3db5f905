#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "layout.h"

namespace longembed {

/// Mean over the tokens of each sequence, summed in double precision as blocks of rows arrive.
class MeanPooling {
public:
    MeanPooling(const Layout & layout, int64_t dimensions);

    /// @param rows   [dimensions, tokens] of packed tokens first … first + tokens − 1; blocks come in packed order
    void add(const float * rows, int64_t first, int64_t tokens);

    /// Writes each sequence's mean to its place in `out`.
    void write(float * out) const;

private:
    const Layout &      layout_;
    int64_t             dimensions_;
    size_t              current_ = 0; ///< the sequence that the next token belongs to
    std::vector<double> sums_;        ///< [dimensions] per sequence in packed order
};

} // namespace longembed
