// The kernel for dot products of rows, against double precision.

#include <cmath>
#include <cstring>

#include "testing.h"

namespace longembed::test {

namespace {

void run(const CpuKernels & kernels, const float * left, int64_t left_rows, const float * right, int64_t right_rows,
         int64_t size, float * out, int64_t out_stride) {
    DotTile tile{};
    tile.left       = left;
    tile.left_rows  = left_rows;
    tile.right      = right;
    tile.right_rows = right_rows;
    tile.size       = size;
    tile.out        = out;
    tile.out_stride = out_stride;
    kernels.dot(tile);
}

void check(const CpuKernels & kernels, int64_t left_rows, int64_t right_rows, int64_t size, Random & random) {
    const std::string shape =
        std::to_string(left_rows) + " by " + std::to_string(right_rows) + " rows of " + std::to_string(size) + ": ";
    const std::vector<float> left   = random.reals(left_rows * size);
    const std::vector<float> right  = random.reals(right_rows * size);
    const int64_t            stride = right_rows + 2;
    std::vector<float>       out(left_rows * stride, 12345.0f);
    run(kernels, left.data(), left_rows, right.data(), right_rows, size, out.data(), stride);
    for (int64_t l = 0; l < left_rows; ++l) {
        for (int64_t r = 0; r < right_rows; ++r) {
            double sum       = 0.0;
            double magnitude = 0.0;
            for (int64_t i = 0; i < size; ++i) {
                const double product = static_cast<double>(left[l * size + i]) * right[r * size + i];
                sum += product;
                magnitude += std::fabs(product);
            }
            const float computed = out[l * stride + r];
            expect(std::fabs(computed - sum) <= 1e-6 * magnitude,
                   shape + std::to_string(computed) + ", not " + std::to_string(sum));

            float alone = 0.0f;
            run(kernels, left.data() + l * size, 1, right.data() + r * size, 1, size, &alone, 1);
            expect(std::memcmp(&alone, &computed, sizeof(alone)) == 0, shape + "a product depends on other rows");
        }
        expect(out[l * stride + right_rows] == 12345.0f, shape + "wrote past the last product");
    }
}

} // namespace

void add_dot_tests(std::vector<Test> & tests) {
    add_for_variants(tests, "dot products", [](const KernelVariant &, const CpuKernels & kernels) {
        Random random(3);
        for (const int64_t size : {1, 7, 8, 63, 129, 255, 256, 257, 1000}) {
            check(kernels, 1, 1, size, random);
            check(kernels, dot_tile, dot_tile, size, random);
            check(kernels, random.whole(1, dot_tile), random.whole(1, dot_tile), size, random);
        }
    });
}

} // namespace longembed::test
