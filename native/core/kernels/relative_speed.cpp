#include "relative_speed.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "thread_time.h"

namespace longembed {

namespace {

constexpr int64_t tokens  = 96;
constexpr int64_t inputs  = 768;
constexpr int64_t outputs = 256;
constexpr int     rounds  = 7;

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
    double  best       = std::numeric_limits<double>::max();
    double  best_other = best;
    // the first round warms the caches and the clock; alternating, both meet the same disturbances
    for (int round = 0; round < rounds; ++round) {
        best       = std::min(best, product.time(kernels));
        best_other = std::min(best_other, product.time(other));
    }
    return best_other / best;
}

} // namespace longembed
