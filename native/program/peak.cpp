// Products and sums in registers alone, compiled once for each instruction set (cmake/kernels.cmake); see
// kernels/simd.h.

#include "peak.h"

#include "kernels/simd.h"

#if defined(LONGEMBED_TILE_PRODUCTS)
#include "kernels/tiles.h"
#endif

namespace longembed {

namespace {

#if defined(LONGEMBED_TILE_PRODUCTS)

/// Products of tiles in registers; of one BF16 number each, though three of them make a product of floats.
float run_peak(int64_t rounds) {
    const Tiles in_use;
    clear_tile<0>();
    clear_tile<1>();
    clear_tile<2>();
    clear_tile<3>();
    clear_tile<4>();
    clear_tile<5>();
    for (int64_t round = 0; round < rounds; ++round) {
        multiply_tiles<0, 4, 5>();
        multiply_tiles<1, 4, 5>();
        multiply_tiles<2, 4, 5>();
        multiply_tiles<3, 4, 5>();
    }
    alignas(64) float sums[tile_area];
    store_tile<0>(sums);
    return sums[0];
}

constexpr int64_t operations = 4 * 2 * 2 * tile_area * tile_words;

#else

constexpr int64_t operations = 2 * mr * nr * pack_factor;

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

#endif

} // namespace

} // namespace longembed

Peak LONGEMBED_VARIANT();

Peak LONGEMBED_VARIANT() {
    return {longembed::run_peak, longembed::operations};
}
