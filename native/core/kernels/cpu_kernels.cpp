#include "cpu_kernels.h"

#include <cstdlib>
#include <string>

namespace longembed {

#if defined(__GNUC__)

namespace {

struct Variant {
    const char * name;
    CpuKernels   kernels;
    bool         is_usable;
};

} // namespace

void attention_portable(const AttentionTile & tile, float * scratch);
void gelu_portable(float * values, int64_t count);
void dot_portable(const DotTile & tile);

#if defined(__x86_64__)
void attention_avx512(const AttentionTile & tile, float * scratch);
void attention_avx2(const AttentionTile & tile, float * scratch);
void gelu_avx512(float * values, int64_t count);
void gelu_avx2(float * values, int64_t count);
void dot_avx512(const DotTile & tile);
void dot_avx2(const DotTile & tile);
#endif

CpuKernels cpu_kernels() {
    const char *      variable = std::getenv("LONGEMBED_KERNELS");
    const std::string wanted   = variable == nullptr ? "" : variable;
    if (wanted == "ggml" || wanted == "ggml-padded") {
        return {};
    }
    // the fastest first; four floats a vector are NEON's and SSE's
    const Variant variants[] = {
#if defined(__x86_64__)
        {"avx512", {attention_avx512, gelu_avx512, dot_avx512}, __builtin_cpu_supports("avx512f") != 0},
        {"avx2", {attention_avx2, gelu_avx2, dot_avx2}, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
#endif
        {"portable", {attention_portable, gelu_portable, dot_portable}, true},
    };
    for (const Variant & variant : variants) {
        if (variant.is_usable && wanted == variant.name) {
            return variant.kernels;
        }
    }
    for (const Variant & variant : variants) {
        if (variant.is_usable) {
            return variant.kernels;
        }
    }
    return {};
}

#else

CpuKernels cpu_kernels() {
    return {};
}

#endif

} // namespace longembed
