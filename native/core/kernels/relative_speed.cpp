#include "relative_speed.h"

#include <algorithm>
#include <vector>

#include "thread_time.h"

namespace longembed {

namespace {

constexpr int64_t tokens  = 96;
constexpr int64_t inputs  = 768;
constexpr int64_t outputs = 256;
constexpr int     rounds  = 9;

/// A product of the size that a layer of a small model has.
class Product {
public:
    Product() : x_(tokens * inputs, 0.5f), weights_(inputs * outputs, 0.25f), y_(tokens * outputs) {}

    double time(const CpuKernels & kernels) {
        GemmTile tile{};
        tile.x             = x_.data();
        tile.x_stride      = inputs;
        tile.tokens        = tokens;
        tile.k             = inputs;
        tile.weights       = reinterpret_cast<const char *>(weights_.data());
        tile.weight_stride = inputs * static_cast<int64_t>(sizeof(float));
        tile.block         = 1;
        tile.block_bytes   = sizeof(float);
        tile.format        = WeightFormat::f32;
        tile.n             = outputs;
        tile.y             = y_.data();
        tile.y_stride      = outputs;
        float * scratch    = scratch_floats(kernels.gemm_scratch(tokens, inputs));

        const double start = thread_seconds();
        kernels.gemm(tile, scratch);
        return thread_seconds() - start;
    }

private:
    std::vector<float> x_;
    std::vector<float> weights_;
    std::vector<float> y_;
};

} // namespace

double relative_speed(const CpuKernels & kernels, const CpuKernels & other) {
    Product product;
    product.time(kernels); // warms the caches and the clock
    product.time(other);
    // A shared host may run at two thirds of its speed for some milliseconds. Neighbours meet that together, while the
    // best times of each could come from different states. The second of a pair has a small advantage.
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
        const bool   is_first = round % 2 == 0;
        const double first    = product.time(is_first ? kernels : other);
        const double second   = product.time(is_first ? other : kernels);
        ratios.push_back(is_first ? second / first : first / second);
    }
    std::nth_element(ratios.begin(), ratios.begin() + rounds / 2, ratios.end());
    return ratios[rounds / 2];
}

} // namespace longembed
