// Measures the kernels alone, and the processor's peak rate.
//
//   longembed-kernels [--threads N] [--keys N] [--head-size N] [--tokens N] [--bf16 1]
//
// Every thread does the same work on data of its own; a figure is the sum over threads of each one's best run, in
// GFLOPS. LONGEMBED_KERNELS chooses the variant. The GEMM multiplies --tokens rows (512) by a 768 × 3072 matrix;
// attention is one head of --head-size dimensions (64) over --keys keys (8192).

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ggml.h"
#include "kernels/cpu_kernels.h"
#include "kernels/thread_time.h"
#include "ops/gemm_op.h"
#include "peak.h"

#if defined(LONGEMBED_HAS_PORTABLE)
Peak peak_portable();
#endif
#if defined(LONGEMBED_HAS_AVX2)
Peak peak_avx2();
#endif
#if defined(LONGEMBED_HAS_AVX512)
Peak peak_avx512();
#endif
#if defined(LONGEMBED_HAS_AVX512BF16)
Peak peak_avx512bf16();
#endif

namespace {

using namespace longembed;

/// @param variant  the name of one that was compiled
Peak peak_of(const std::string & variant) {
    const std::map<std::string, Peak (*)()> peaks = {
#if defined(LONGEMBED_HAS_PORTABLE)
        {"portable", peak_portable},
#endif
#if defined(LONGEMBED_HAS_AVX2)
        {"avx2", peak_avx2},
#endif
#if defined(LONGEMBED_HAS_AVX512)
        {"avx512", peak_avx512},
#endif
#if defined(LONGEMBED_HAS_AVX512BF16)
        {"avx512bf16", peak_avx512bf16},
#endif
    };
    return peaks.at(variant)();
}

/// Billions of operations a second in the best of several runs.
double best_rate(double operations, const std::function<void()> & run) {
    constexpr double min_seconds = 0.6;
    double           best        = 1e9;
    for (double total = 0.0; total < min_seconds;) {
        const double start = thread_seconds();
        run();
        const double took = thread_seconds() - start;
        best              = std::min(best, took);
        total += took;
    }
    return operations / best / 1e9;
}

/// The sum of what `measure` returns on each thread.
double on_threads(int count, const std::function<double()> & measure) {
    std::vector<double>      rates(count);
    std::vector<std::thread> threads;
    for (double & rate : rates) {
        threads.emplace_back([&rate, &measure] { rate = measure(); });
    }
    double sum = 0.0;
    for (int i = 0; i < count; ++i) {
        threads[i].join();
        sum += rates[i];
    }
    return sum;
}

std::vector<float> random_floats(int64_t count) {
    std::vector<float>                    floats(count);
    std::mt19937                          random(1);
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    std::generate(floats.begin(), floats.end(), [&] { return uniform(random); });
    return floats;
}

double peak_rate(const CpuKernels & kernels) {
    constexpr int64_t rounds = 200000;
    const Peak        peak   = peak_of(kernels.name);
    volatile float    sink   = 0.0f;
    return best_rate(static_cast<double>(rounds * peak.operations), [&] { sink = peak.run(rounds); });
}

double gemm_rate(const CpuKernels & kernels, ggml_type type, int64_t tokens) {
    constexpr int64_t k = 768;
    constexpr int64_t n = 3072;

    const std::vector<float> x      = random_floats(tokens * k);
    const std::vector<float> floats = random_floats(k * n);
    std::vector<float>       y(tokens * n);
    std::vector<char>        weights(ggml_row_size(type, k) * n);
    ggml_quantize_chunk(type, floats.data(), weights.data(), 0, n, k, nullptr);

    GemmTile tile{};
    tile.x             = x.data();
    tile.x_stride      = k;
    tile.tokens        = tokens;
    tile.k             = k;
    tile.weights       = weights.data();
    tile.weight_stride = static_cast<int64_t>(ggml_row_size(type, k));
    set_weights(tile, kernels, type);
    tile.n        = n;
    tile.y        = y.data();
    tile.y_stride = n;
    return best_rate(2.0 * static_cast<double>(tokens * k * n),
                     [&] { kernels.gemm(tile, scratch_floats(gemm_scratch(tokens, k, kernels.pack_factor))); });
}

double attention_rate(const CpuKernels & kernels, int64_t size, int64_t keys, int64_t window) {
    constexpr int64_t queries = 8 * tile_queries;

    const std::vector<float> q      = random_floats(queries * size);
    const std::vector<float> packed = random_floats((keys + tile_keys) * size);
    const std::vector<float> values = random_floats((keys + tile_keys) * size);
    std::vector<float>       out(queries * size);

    AttentionTile tile{};
    tile.query_stride = size;
    tile.queries      = tile_queries;
    tile.near_keys    = packed.data();
    tile.far_keys     = window > 0 ? packed.data() : nullptr;
    tile.values       = values.data();
    tile.keys         = keys;
    tile.head_size    = size;
    tile.window       = window;
    tile.scale        = 0.125f;
    tile.reach        = keys; // beyond all of them
    tile.out_stride   = size;
    return best_rate(4.0 * static_cast<double>(queries * keys * size), [&] {
        for (int64_t first = 0; first < queries; first += tile_queries) {
            tile.near_queries   = q.data() + first * size;
            tile.before_queries = tile.near_queries;
            tile.after_queries  = tile.near_queries;
            tile.first_index    = keys / 2 + first;
            tile.out            = out.data() + first * size;
            kernels.attention(tile, scratch_floats(attention_scratch(size)));
        }
    });
}

} // namespace

int main(int argc, char ** argv) {
    std::map<std::string, int64_t> options = {
        {"--threads", 1}, {"--keys", 8192}, {"--head-size", 64}, {"--tokens", 512}, {"--bf16", 0}};
    for (int i = 1; i + 1 < argc; i += 2) {
        options[argv[i]] = std::atoll(argv[i + 1]);
    }
    const CpuKernels kernels = cpu_kernels(options["--bf16"] != 0 ? Precision::bf16 : Precision::full);
    if (kernels.gemm == nullptr) {
        std::fprintf(stderr, "There are no such kernels: this processor cannot run them, the compiler could not "
                             "compile them, or LONGEMBED_KERNELS is \"ggml\".\n");
        return 2;
    }
    const auto    threads = static_cast<int>(options["--threads"]);
    const int64_t keys    = options["--keys"];
    const int64_t size    = options["--head-size"];
    const int64_t tokens  = options["--tokens"];
    const double  peak    = on_threads(threads, [&] { return peak_rate(kernels); });

    const auto print = [&](const std::string & what, double rate) {
        std::printf("%-32s %8.1f GFLOPS  %5.1f %%\n", what.c_str(), rate, 100.0 * rate / peak);
    };
    print("peak", peak);
    for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_K}) {
        print(std::string("gemm ") + ggml_type_name(type),
              on_threads(threads, [&] { return gemm_rate(kernels, type, tokens); }));
    }
    print("attention", on_threads(threads, [&] { return attention_rate(kernels, size, keys, 0); }));
    print("attention, self-extend",
          on_threads(threads, [&] { return attention_rate(kernels, size, keys, keys / 16); }));
    return 0;
}
