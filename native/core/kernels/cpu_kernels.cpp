#include "cpu_kernels.h"

#include <cstdlib>
#include <string>

namespace longembed {

#if defined(__GNUC__)

namespace {

struct Variant {
    const char * name;
    CpuKernels (*kernels)();
    bool is_usable;
};

} // namespace

CpuKernels kernels_portable();
#if defined(__x86_64__)
CpuKernels kernels_avx512bf16();
CpuKernels kernels_avx512();
CpuKernels kernels_avx2();
#endif

CpuKernels cpu_kernels(Precision precision) {
    const char *      variable = std::getenv("LONGEMBED_KERNELS");
    const std::string wanted   = variable == nullptr ? "" : variable;
    if (wanted == "ggml" || wanted == "ggml-padded") {
        return {};
    }
#if defined(__x86_64__)
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
    const bool has_avx2   = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#endif
    if (precision == Precision::bf16) {
#if defined(__x86_64__)
        if (has_avx512 && __builtin_cpu_supports("avx512bf16")) {
            return kernels_avx512bf16();
        }
#endif
        return {};
    }
    // the fastest first; four floats a vector are NEON's and SSE's
    const Variant variants[] = {
#if defined(__x86_64__)
        {"avx512", kernels_avx512, has_avx512},
        {"avx2", kernels_avx2, has_avx2},
#endif
        {"portable", kernels_portable, true},
    };
    for (const Variant & variant : variants) {
        if (variant.is_usable && wanted == variant.name) {
            return variant.kernels();
        }
    }
    for (const Variant & variant : variants) {
        if (variant.is_usable) {
            return variant.kernels();
        }
    }
    return {};
}

#else

CpuKernels cpu_kernels(Precision /*precision*/) {
    return {};
}

#endif

} // namespace longembed
