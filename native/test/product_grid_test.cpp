// How a product is divided among threads: nothing twice, nothing left out, all threads at work, and the same bits.

#include "ops/product_grid.h"

#include <algorithm>
#include <cstring>

#include "testing.h"

namespace longembed::test {

namespace {

std::string text_of(int64_t tokens, int64_t outputs, int parts) {
    return std::to_string(tokens) + " tokens, " + std::to_string(outputs) + " outputs, " + std::to_string(parts) +
           " parts";
}

/// Products of a part.
int64_t work_of(const ProductGrid & grid, int part) {
    return grid.tokens(part).count() * grid.outputs(part).count();
}

void check_cover(int64_t tokens, int64_t outputs, int parts) {
    const ProductGrid grid(CpuKernels{}, tokens, outputs, parts);
    std::vector<int>  times(tokens * outputs, 0);
    for (int part = 0; part < parts; ++part) {
        const TokenRange  rows    = grid.tokens(part);
        const OutputRange columns = grid.outputs(part);
        for (int64_t token = rows.first; token < rows.end; ++token) {
            for (int64_t out = columns.first; out < columns.end; ++out) {
                ++times[token * outputs + out];
            }
        }
    }
    expect(std::all_of(times.begin(), times.end(), [](int count) { return count == 1; }),
           text_of(tokens, outputs, parts) + ": not every product is computed once");
}

/// @param most  what the part with the most products may have beside equal parts
void check_balance(int64_t tokens, int64_t outputs, int parts, double most) {
    const ProductGrid grid(CpuKernels{}, tokens, outputs, parts);
    int64_t           largest = 0;
    for (int part = 0; part < parts; ++part) {
        largest = std::max(largest, work_of(grid, part));
    }
    const double ratio = static_cast<double>(largest * parts) / static_cast<double>(tokens * outputs);
    expect(ratio <= most, text_of(tokens, outputs, parts) + ": a part has " + std::to_string(ratio) +
                              " times its share of the products");
}

/// A product of floats, whole and in parts.
void check_bits(const KernelVariant &, const CpuKernels & kernels) {
    constexpr int64_t  tokens  = 150;
    constexpr int64_t  k       = 96;
    constexpr int64_t  outputs = 200;
    Random             random(3);
    std::vector<float> x       = random.reals(tokens * k);
    std::vector<float> weights = random.reals(outputs * k);
    const auto         y_of    = [&](int parts) {
        const ProductGrid  grid(kernels, tokens, outputs, parts);
        std::vector<float> y(tokens * outputs, -1.0f);
        for (int part = 0; part < parts; ++part) {
            const TokenRange  rows    = grid.tokens(part);
            const OutputRange columns = grid.outputs(part);
            if (rows.count() <= 0 || columns.count() <= 0) {
                continue;
            }
            GemmTile tile{};
            tile.x             = x.data() + rows.first * k;
            tile.x_stride      = k;
            tile.tokens        = rows.count();
            tile.k             = k;
            tile.weights       = reinterpret_cast<const char *>(weights.data() + columns.first * k);
            tile.weight_stride = k * static_cast<int64_t>(sizeof(float));
            tile.block         = 1;
            tile.block_bytes   = sizeof(float);
            tile.format        = WeightFormat::f32;
            tile.n             = columns.count();
            tile.y             = y.data() + rows.first * outputs + columns.first;
            tile.y_stride      = outputs;
            kernels.gemm(tile, scratch_floats(kernels.gemm_scratch(tile.tokens, k)));
        }
        return y;
    };
    const std::vector<float> whole = y_of(1);
    for (int parts = 2; parts <= 20; ++parts) {
        expect(std::memcmp(y_of(parts).data(), whole.data(), whole.size() * sizeof(float)) == 0,
               text_of(tokens, outputs, parts) + ": other bits than in one");
    }
}

} // namespace

void add_product_grid_tests(std::vector<Test> & tests) {
    tests.push_back({"product grid: covers a product once", [] {
                         for (const int64_t tokens : {1, 13, 32, 33, 100, 512}) {
                             for (const int64_t outputs : {1, 40, 64, 65, 384, 1000}) {
                                 for (const int parts : {1, 2, 3, 5, 8, 16, 64, 300}) {
                                     check_cover(tokens, outputs, parts);
                                 }
                             }
                         }
                     }});
    tests.push_back({"product grid: gives all threads their share", [] {
                         check_balance(512, 384, 1, 1.0);
                         check_balance(512, 384, 4, 1.0);
                         check_balance(512, 384, 8, 1.0);
                         check_balance(512, 384, 16, 1.0);
                         check_balance(512, 768, 32, 1.0);
                         check_balance(392, 768, 8, 1.31); // 13 units of 32 tokens
                         check_balance(13, 768, 8, 1.34);  // 12 units of 64 outputs, and one of tokens
                     }});
    add_for_variants(tests, "product in parts", check_bits);
}

} // namespace longembed::test
