// Measures the kernels alone, and the processor's peak rate.
//
//   longembed-kernels [--threads N] [--keys N] [--head-size N] [--tokens N] [--bf16 1]
//   longembed-kernels --products 1 [--threads N]
//
// Every thread does the same work on data of its own; a figure is the sum over threads of each one's best run, in
// GFLOPS. LONGEMBED_KERNELS chooses the variant. The GEMM multiplies --tokens rows (512) by a 768 × 3072 matrix;
// attention is one head of --head-size dimensions (64) over --keys keys (8192). --products compares the variants at the
// shapes of BERT-base and MiniLM, with their error relative to double precision, and at attention.

#include <algorithm>
#include <cmath>
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
#if defined(LONGEMBED_HAS_AMX)
Peak peak_amx();
Peak peak_amxbf16();
#endif
#if defined(LONGEMBED_HAS_AVX512_EMULATED)
Peak peak_avx512_emulated();
#endif
#if defined(LONGEMBED_HAS_AMX_EMULATED)
Peak peak_amx_emulated();
Peak peak_amxbf16_emulated();
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
#if defined(LONGEMBED_HAS_AMX)
        {"amx", peak_amx},
        {"amxbf16", peak_amxbf16},
#endif
#if defined(LONGEMBED_HAS_AVX512_EMULATED)
        {"avx512-emulated", peak_avx512_emulated},
#endif
#if defined(LONGEMBED_HAS_AMX_EMULATED)
        {"amx-emulated", peak_amx_emulated},
        {"amxbf16-emulated", peak_amxbf16_emulated},
#endif
    };
    return peaks.at(variant)();
}

/// Billions of operations a second in the best of several runs.
double best_rate(double operations, const std::function<void()> & run, double min_seconds = 0.6) {
    double best = 1e9;
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

struct Shape {
    int64_t k;
    int64_t n;
};

/// Rows times a matrix of one type.
class Product {
public:
    Product(const CpuKernels & kernels, ggml_type type, const Shape & shape, int64_t tokens)
        : kernels_(kernels), type_(type), shape_(shape), tokens_(tokens), x_(random_floats(tokens * shape.k)),
          weights_(ggml_row_size(type, shape.k) * shape.n), y_(tokens * shape.n) {
        const std::vector<float> floats = random_floats(shape.k * shape.n);
        ggml_quantize_chunk(type, floats.data(), weights_.data(), 0, shape.n, shape.k, nullptr);
    }

    void run() {
        GemmTile tile{};
        tile.x             = x_.data();
        tile.x_stride      = shape_.k;
        tile.tokens        = tokens_;
        tile.k             = shape_.k;
        tile.weights       = weights_.data();
        tile.weight_stride = static_cast<int64_t>(ggml_row_size(type_, shape_.k));
        set_weights(tile, kernels_, type_);
        tile.n        = shape_.n;
        tile.y        = y_.data();
        tile.y_stride = shape_.n;
        kernels_.gemm(tile, scratch_floats(kernels_.gemm_scratch(tokens_, shape_.k)));
    }

    double rate(double min_seconds) {
        return best_rate(
            2.0 * static_cast<double>(tokens_ * shape_.k * shape_.n), [&] { run(); }, min_seconds);
    }

    /// Of the last token's outputs, relative to double precision: the root of the errors' mean square.
    double error() {
        run();
        const float *      x = x_.data() + (tokens_ - 1) * shape_.k;
        const float *      y = y_.data() + (tokens_ - 1) * shape_.n;
        std::vector<float> row(shape_.k);
        double             errors = 0.0;
        double             all    = 0.0;
        for (int64_t out = 0; out < shape_.n; ++out) {
            ggml_get_type_traits(type_)->to_float(weights_.data() + out * ggml_row_size(type_, shape_.k), row.data(),
                                                  shape_.k);
            double sum = 0.0;
            for (int64_t i = 0; i < shape_.k; ++i) {
                sum += static_cast<double>(x[i]) * row[i];
            }
            errors += (y[out] - sum) * (y[out] - sum);
            all += sum * sum;
        }
        return std::sqrt(errors / all);
    }

private:
    const CpuKernels & kernels_;
    ggml_type          type_;
    Shape              shape_;
    int64_t            tokens_;
    std::vector<float> x_;
    std::vector<char>  weights_;
    std::vector<float> y_;
};

double gemm_rate(const CpuKernels & kernels, ggml_type type, int64_t tokens) {
    constexpr Shape shape{768, 3072};
    return Product(kernels, type, shape, tokens).rate(0.6);
}

double attention_rate(const CpuKernels & kernels, int64_t size, int64_t keys, int64_t window, double min_seconds) {
    constexpr int64_t queries = 8 * tile_queries;

    const SplitAttention & split    = kernels.split_attention;
    const bool             is_split = split.kernel != nullptr && window == 0;
    const AttentionKernel  kernel   = is_split ? split.kernel : kernels.attention;
    const int64_t          scratch  = is_split ? split.scratch(size) : attention_scratch(size);
    const int64_t          step     = is_split ? split_queries_at_a_time(size, keys) : queries_at_a_time(size, keys);
    const int64_t          tiles    = keys / tile_keys + 1;

    const std::vector<float> q      = random_floats(queries * size);
    std::vector<float>       packed = random_floats(tiles * (is_split ? split.key_floats(size) : tile_keys * size));
    std::vector<float>       values = random_floats(tiles * (is_split ? split.value_floats(size) : tile_keys * size));
    for (int64_t key = 0; is_split && key < keys; ++key) {
        split.pack_key(q.data() + key % queries * size, size, key, packed.data());
        split.pack_value(q.data() + key % queries * size, size, key, values.data());
    }
    std::vector<float> out(queries * size);

    AttentionTile tile{};
    tile.query_stride = size;
    tile.queries      = step;
    tile.near_keys    = packed.data();
    tile.far_keys     = window > 0 ? packed.data() : nullptr;
    tile.values       = values.data();
    tile.keys         = keys;
    tile.head_size    = size;
    tile.window       = window;
    tile.scale        = 0.125f;
    tile.reach        = keys; // beyond all of them
    tile.out_stride   = size;
    return best_rate(
        4.0 * static_cast<double>(queries * keys * size),
        [&] {
            for (int64_t first = 0; first < queries; first += step) {
                tile.near_queries   = q.data() + first * size;
                tile.before_queries = tile.near_queries;
                tile.after_queries  = tile.near_queries;
                tile.first_index    = keys / 2 + first;
                tile.out            = out.data() + first * size;
                kernel(tile, scratch_floats(scratch));
            }
        },
        min_seconds);
}

/// A table of all variants that this processor can run, or of the one that LONGEMBED_KERNELS names.
void compare_products(int threads) {
    constexpr double min_seconds = 0.05;
    constexpr Shape  shapes[]    = {{768, 768}, {768, 3072}, {3072, 768}, {384, 384}, {384, 1536}, {1536, 384}};
    for (const KernelVariant & variant : kernel_variants()) {
        const char * wanted = std::getenv("LONGEMBED_KERNELS");
        if (!variant.is_usable || (wanted == nullptr ? variant.is_for_tests : wanted != std::string(variant.name))) {
            continue;
        }
        CpuKernels kernels = variant.make();
        kernels.name       = variant.name;
        const double peak  = on_threads(threads, [&] { return peak_rate(kernels); });
        std::printf("%s, peak %.0f GFLOPS\n", variant.name, peak);
        for (const ggml_type type : {GGML_TYPE_F16, GGML_TYPE_Q8_0}) {
            for (const Shape & shape : shapes) {
                if (type != GGML_TYPE_F16 && shape.n != 3072) {
                    continue; // only their dequantization differs
                }
                std::printf("  %-5s %4d -> %4d ", ggml_type_name(type), static_cast<int>(shape.k),
                            static_cast<int>(shape.n));
                for (const int64_t tokens : {13, 392, 512}) {
                    const double rate =
                        on_threads(threads, [&] { return Product(kernels, type, shape, tokens).rate(min_seconds); });
                    std::printf("  n %3d: %6.0f %4.1f %%", static_cast<int>(tokens), rate, 100.0 * rate / peak);
                    std::fflush(stdout);
                }
                std::printf("  error %.1e\n", Product(kernels, type, shape, 13).error());
            }
        }
        for (const int64_t size : {64, 32}) {
            std::printf("  attention, heads of %d", static_cast<int>(size));
            for (const int64_t keys : {512, 8192}) {
                const double rate =
                    on_threads(threads, [&] { return attention_rate(kernels, size, keys, 0, min_seconds); });
                std::printf("  %5d keys: %6.0f %4.1f %%", static_cast<int>(keys), rate, 100.0 * rate / peak);
            }
            std::printf("\n");
        }
    }
}

} // namespace

int main(int argc, char ** argv) {
    std::map<std::string, int64_t> options = {{"--threads", 1},  {"--keys", 8192}, {"--head-size", 64},
                                              {"--tokens", 512}, {"--bf16", 0},    {"--products", 0}};
    for (int i = 1; i + 1 < argc; i += 2) {
        options[argv[i]] = std::atoll(argv[i + 1]);
    }
    if (options["--products"] != 0) {
        compare_products(static_cast<int>(options["--threads"]));
        return 0;
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
    print("attention", on_threads(threads, [&] { return attention_rate(kernels, size, keys, 0, 0.6); }));
    print("attention, self-extend",
          on_threads(threads, [&] { return attention_rate(kernels, size, keys, keys / 16, 0.6); }));
    return 0;
}
