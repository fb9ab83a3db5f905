// Rotations against double precision at positions of short and of very long texts: by our own kernel, and by ggml's
// operation as it is used on a GPU, once and twice.

#include <algorithm>
#include <cmath>

#include "ggml-backend.h"
#include "ggml-cpp.h"
#include "ggml-cpu.h"
#include "ops/rope.h"
#include "testing.h"

namespace longembed::test {

namespace {

constexpr int64_t head_size = 80; // the last 16 are not rotated
constexpr int     rotated   = 64;
constexpr int64_t heads     = 3;

Rope rope_of(Rotation rotation) {
    Rope rope;
    rope.dimensions = rotated;
    rope.rotation   = rotation;
    rope.base       = 10000.0;
    return rope;
}

/// What rotate() gives, [head size, heads, n].
std::vector<float> rotated_by(const CpuKernels & kernels, const Rope & rope, const RopeFrequencies & frequencies,
                              const std::vector<float> & x, const std::vector<int32_t> & positions, bool twice) {
    const auto       n = static_cast<int64_t>(positions.size());
    ggml_backend_ptr cpu(ggml_backend_cpu_init());
    ggml_context_ptr ctx(ggml_init({64 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, /*no_alloc*/ true}));

    const auto    integers = [&] { return ggml_new_tensor_1d(ctx.get(), GGML_TYPE_I32, n); };
    const auto    reals    = [&] { return ggml_new_tensor_1d(ctx.get(), GGML_TYPE_F32, rotated / 2); };
    ggml_tensor * input    = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F32, head_size, heads, n);
    RopePositions where{integers(), integers(), integers()};
    RopeDivisors  divisors{reals(), reals()};
    ggml_tensor * output = rotate(GraphContext{ctx.get(), &kernels}, rope, frequencies, divisors, input, where, twice);
    ggml_cgraph * graph  = ggml_new_graph(ctx.get());
    ggml_build_forward_expand(graph, output);
    const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(ctx.get(), cpu.get()));

    const auto set = [](ggml_tensor * tensor, const auto & values) {
        ggml_backend_tensor_set(tensor, values.data(), 0, values.size() * sizeof(values[0]));
    };
    const RopePositions::Split split(positions);
    set(input, x);
    set(where.whole, positions);
    set(where.fine, split.fine);
    set(where.coarse, split.coarse);
    set(divisors.fine, frequencies.divisors());
    set(divisors.coarse, frequencies.coarse_divisors());
    ggml_backend_graph_compute(cpu.get(), graph);
    std::vector<float> result(x.size());
    ggml_backend_tensor_get(output, result.data(), 0, result.size() * sizeof(float));
    return result;
}

/// The largest error of a number, where numbers are below 1 in magnitude.
double worst_error(const Rope & rope, const std::vector<float> & x, const std::vector<int32_t> & positions,
                   const std::vector<float> & got, double base) {
    double worst = 0.0;
    for (size_t row = 0; row < positions.size() * heads; ++row) {
        const float * from = x.data() + row * head_size;
        const float * to   = got.data() + row * head_size;
        for (int i = 0; i < rotated / 2; ++i) {
            const bool   neox   = rope.rotation == Rotation::neox;
            const int    first  = neox ? i : 2 * i;
            const int    second = neox ? i + rotated / 2 : 2 * i + 1;
            const double angle  = positions[row / heads] * std::pow(base, -2.0 * i / rotated);
            worst =
                std::max({worst, std::abs(from[first] * std::cos(angle) - from[second] * std::sin(angle) - to[first]),
                          std::abs(from[first] * std::sin(angle) + from[second] * std::cos(angle) - to[second])});
        }
        for (int64_t i = rotated; i < head_size; ++i) {
            worst = std::max(worst, static_cast<double>(std::abs(from[i] - to[i])));
        }
    }
    return worst;
}

void check(Rotation rotation, const CpuKernels & kernels, bool twice, std::vector<int32_t> positions, double allowed) {
    Random                   random(7);
    const Rope               rope = rope_of(rotation);
    const std::vector<float> x    = random.reals(static_cast<int64_t>(positions.size()) * heads * head_size);
    // a base that no float holds
    const double          base        = 1234567.891;
    const RopeFrequencies frequencies = rope.frequencies({base});
    const double          worst =
        worst_error(rope, x, positions, rotated_by(kernels, rope, frequencies, x, positions, twice), base);
    expect(worst <= allowed, "an error of " + std::to_string(worst * 1e6) + "e-6");
}

} // namespace

void add_rope_tests(std::vector<Test> & tests) {
    const std::vector<int32_t> near{0, 1, 2, 100, 511};
    const std::vector<int32_t> far{-300, -1, 0, 1, 511, 512, 513, 4095, 8191, 16383, 20000, 32767, 131071};
    for (const Rotation rotation : {Rotation::neox, Rotation::interleaved}) {
        const std::string name = rotation == Rotation::neox ? "halves" : "neighbours";
        tests.push_back({"rope: turns " + name + " by angles in doubles, also at 131,071",
                         [=] { check(rotation, cpu_kernels(), false, far, 3e-7); }});
        tests.push_back({"rope: turns " + name + " by ggml's operation",
                         [=] { check(rotation, CpuKernels{}, false, near, 5e-5); }});
        tests.push_back({"rope: turns " + name + " by ggml's operation twice, also at 131,071",
                         [=] { check(rotation, CpuKernels{}, true, far, 1.5e-4); }});
    }
}

} // namespace longembed::test
