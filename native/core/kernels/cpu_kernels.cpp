#include "cpu_kernels.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "amx.h"
#include "processor_features.h"

namespace longembed {

#if defined(LONGEMBED_HAS_PORTABLE)
CpuKernels kernels_portable();
#endif
#if defined(LONGEMBED_HAS_AVX2)
CpuKernels kernels_avx2();
#endif
#if defined(LONGEMBED_HAS_AVX512)
CpuKernels kernels_avx512();
#endif
#if defined(LONGEMBED_HAS_AVX512BF16)
CpuKernels kernels_avx512bf16();
#endif
#if defined(LONGEMBED_HAS_AMX)
CpuKernels kernels_amx();
CpuKernels kernels_amxbf16();
#endif
#if defined(LONGEMBED_HAS_AVX512_EMULATED)
CpuKernels kernels_avx512_emulated();
#endif
#if defined(LONGEMBED_HAS_AMX_EMULATED)
CpuKernels kernels_amx_emulated();
CpuKernels kernels_amxbf16_emulated();
#endif

namespace {

std::string requested_kernels() {
    const char * variable = std::getenv("LONGEMBED_KERNELS");
    return variable == nullptr ? "" : variable;
}

CpuKernels make(const KernelVariant & variant) {
    CpuKernels kernels = variant.make();
    kernels.name       = variant.name;
    return kernels;
}

} // namespace

KernelVariants kernel_variants() {
    [[maybe_unused]] static const ProcessorFeatures features = processor_features();
#if defined(LONGEMBED_HAS_AMX)
    static const bool has_amx = may_use_amx();
#endif
#if defined(LONGEMBED_HAS_AMX_EMULATED)
#if defined(LONGEMBED_HAS_AVX2)
    static const bool has_emulation = features.avx2;
#else
    static const bool has_emulation = true;
#endif
#endif
    static const KernelVariant variants[] = {
#if defined(LONGEMBED_HAS_AMX)
        {"amxbf16", "AMX, or the process may not use it", Precision::bf16, has_amx, kernels_amxbf16},
        {"amx", "AMX, or the process may not use it", Precision::full, has_amx, kernels_amx},
#endif
#if defined(LONGEMBED_HAS_AVX512BF16)
        {"avx512bf16", "AVX512-BF16", Precision::bf16, features.avx512_bf16, kernels_avx512bf16},
#endif
#if defined(LONGEMBED_HAS_AVX512)
        {"avx512", "AVX-512", Precision::full, features.avx512, kernels_avx512},
#endif
#if defined(LONGEMBED_HAS_AVX2)
        {"avx2", "AVX2, FMA and F16C", Precision::full, features.avx2, kernels_avx2},
#endif
#if defined(LONGEMBED_HAS_PORTABLE)
        {"portable", "", Precision::full, true, kernels_portable}, // four floats a vector: NEON's and SSE's
#endif
#if defined(LONGEMBED_HAS_AVX512_EMULATED)
        {"avx512-emulated", "AVX2, FMA and F16C", Precision::full, features.avx2, kernels_avx512_emulated, true},
#endif
#if defined(LONGEMBED_HAS_AMX_EMULATED)
        {"amx-emulated", "AVX2, FMA and F16C", Precision::full, has_emulation, kernels_amx_emulated, true},
        {"amxbf16-emulated", "AVX2, FMA and F16C", Precision::bf16, has_emulation, kernels_amxbf16_emulated, true},
#endif
        {"", "", Precision::full, false, nullptr}, // ends the list, which may be empty
    };
    return {variants, static_cast<int>(sizeof(variants) / sizeof(variants[0])) - 1};
}

CpuKernels cpu_kernels(Precision precision) {
    const std::string requested = requested_kernels();
    CpuKernels        kernels;
    if (requested == "ggml" || requested == "ggml-padded") {
        kernels.name = requested == "ggml" ? "ggml" : "ggml-padded";
        return kernels;
    }
    const auto is_candidate = [&](const KernelVariant & variant) {
        return variant.is_usable && variant.precision == precision;
    };
    for (const KernelVariant & variant : kernel_variants()) {
        if (is_candidate(variant) && requested == variant.name) {
            return make(variant);
        }
    }
    for (const KernelVariant & variant : kernel_variants()) {
        if (is_candidate(variant) && !variant.is_for_tests) {
            return make(variant);
        }
    }
    return kernels;
}

bool is_requested(const CpuKernels & kernels) {
    return requested_kernels() == kernels.name;
}

bool pads_heads_as_cuda() {
    return requested_kernels() == "ggml-padded";
}

float * scratch_floats(int64_t count) {
    constexpr size_t                cache_line = 64;
    thread_local std::vector<float> memory;
    const size_t                    needed = static_cast<size_t>(count) + cache_line / sizeof(float);
    if (memory.size() < needed) {
        memory = {}; // first, so that both are never held at once
        memory.resize(needed);
    }
    void * start = memory.data();
    size_t space = memory.size() * sizeof(float);
    return static_cast<float *>(std::align(cache_line, static_cast<size_t>(count) * sizeof(float), start, space));
}

} // namespace longembed
