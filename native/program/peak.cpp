// Products and sums in registers alone, compiled once for each instruction set (cmake/kernels.cmake); see
// kernels/simd.h.

#include "peak.h"

#include "kernels/simd.h"

namespace longembed {

namespace {

float run_peak(int64_t rounds) {
    Vector       sums[mr][nr_vectors];
    const Vector factor = all(0.5f);
    for (int r = 0; r < mr; ++r) {
        for (int v = 0; v < nr_vectors; ++v) {
            sums[r][v] = all(static_cast<float>(r * nr_vectors + v)); // equal ones would be computed once
        }
    }
    for (int64_t round = 0; round < rounds; ++round) {
        for (int r = 0; r < mr; ++r) {
            for (int v = 0; v < nr_vectors; ++v) {
                sums[r][v] = multiply_add(sums[r][v], 0.5f, factor);
            }
        }
    }
    Vector sum = {};
    for (int r = 0; r < mr; ++r) {
        for (int v = 0; v < nr_vectors; ++v) {
            sum += sums[r][v];
        }
    }
    return sum[0];
}

} // namespace

} // namespace longembed

Peak LONGEMBED_VARIANT();

Peak LONGEMBED_VARIANT() {
    return {longembed::run_peak, 2 * longembed::mr * longembed::nr * longembed::pack_factor};
}
