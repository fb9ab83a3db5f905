// What the machine can do at most, for comparison: products and sums in registers alone; see simd.h.

#include "simd.h"

namespace longembed {

namespace {

/// Runs `rounds` × peak_operations floating-point operations.
/// @return something that depends on all of them
float peak(int64_t rounds) {
    Vector       sums[rows][vectors];
    const Vector factor = all(0.5f);
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < vectors; ++v) {
            sums[r][v] = all(static_cast<float>(r * vectors + v)); // equal ones would be computed once
        }
    }
    for (int64_t round = 0; round < rounds; ++round) {
        for (int r = 0; r < rows; ++r) {
            for (int v = 0; v < vectors; ++v) {
                sums[r][v] = add_product(sums[r][v], 0.5f, factor);
            }
        }
    }
    Vector sum = {};
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < vectors; ++v) {
            sum += sums[r][v];
        }
    }
    return sum[0];
}

constexpr int64_t peak_operations = 2 * rows * vectors * width * numbers_per_item;

} // namespace

} // namespace longembed
