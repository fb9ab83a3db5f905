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
CpuKernels kernels_avx512();
CpuKernels kernels_avx2();
#endif

CpuKernels cpu_kernels() {
    const char *      variable = std::getenv("LONGEMBED_KERNELS");
    const std::string wanted   = variable == nullptr ? "" : variable;
    if (wanted == "ggml") {
        return {};
    }
    // the fastest first; four floats a vector are NEON's and SSE's
    const Variant variants[] = {
#if defined(__x86_64__)
        {"avx512", kernels_avx512, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma")},
        {"avx2", kernels_avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")},
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

CpuKernels cpu_kernels() {
    return {};
}

#endif

} // namespace longembed
