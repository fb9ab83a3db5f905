#pragma once

#include <cstdint>

#include "kernels/cpu_kernels.h"

namespace longembed {

/// Some outputs of a product: first … end − 1, whole units of work.
struct OutputRange {
    int64_t first;
    int64_t end;

    int64_t count() const { return end - first; }

    /// One of `parts` ranges that are about equal, of whole units.
    static OutputRange of_part(int64_t outputs, int64_t unit, int part, int parts);
};

/// Some of a product's tokens: first … end − 1.
struct TokenRange {
    int64_t first;
    int64_t end;

    int64_t count() const { return end - first; }
};

/// How the parts of an operation, one for each thread, divide a product among themselves: into a grid of tokens and
/// outputs. Each part reads its outputs' weights and its tokens' inputs, and converts or packs them for itself: the
/// grid is the one whose longest part is the shortest by the kernels' costs. No bit of a product depends on it.
class ProductGrid {
public:
    ProductGrid(const CpuKernels & kernels, int64_t tokens, int64_t outputs, int parts);

    /// Of a part; nothing for some parts, where there are more than can be given work.
    OutputRange outputs(int part) const;
    TokenRange  tokens(int part) const;

private:
    int64_t tokens_;
    int64_t outputs_;
    int64_t token_unit_;
    int64_t output_unit_;
    int     columns_ = 1; ///< ranges of outputs
    int     rows_    = 1; ///< ranges of tokens
};

} // namespace longembed
