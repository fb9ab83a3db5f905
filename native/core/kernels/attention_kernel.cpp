#include "attention_kernel.h"

#include <cstdlib>
#include <string>

namespace longembed {

#if defined(__GNUC__)

namespace {

struct Kernel {
    const char *    name;
    AttentionKernel run;
    bool            is_usable;
};

} // namespace

void attention_portable(const AttentionTile & tile, float * scratch);

#if defined(__x86_64__)
void attention_avx512(const AttentionTile & tile, float * scratch);
void attention_avx2(const AttentionTile & tile, float * scratch);
#endif

AttentionKernel attention_kernel() {
    const char *      variable = std::getenv("LONGEMBED_ATTENTION");
    const std::string wanted   = variable == nullptr ? "" : variable;
    if (wanted == "ggml") {
        return nullptr;
    }
    // the fastest first; four floats a vector are NEON's and SSE's
    const Kernel kernels[] = {
#if defined(__x86_64__)
        {"avx512", attention_avx512, __builtin_cpu_supports("avx512f") != 0},
        {"avx2", attention_avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
#endif
        {"portable", attention_portable, true},
    };
    for (const Kernel & kernel : kernels) {
        if (kernel.is_usable && wanted == kernel.name) {
            return kernel.run;
        }
    }
    for (const Kernel & kernel : kernels) {
        if (kernel.is_usable) {
            return kernel.run;
        }
    }
    return nullptr;
}

#else

AttentionKernel attention_kernel() {
    return nullptr;
}

#endif

} // namespace longembed
