#include "processor_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace longembed {

#if defined(__x86_64__)

namespace {

/// What the instruction cpuid returns; zeros for a leaf that the processor does not have.
struct CpuidLeaf {
    uint32_t eax = 0;
    uint32_t ebx = 0;
    uint32_t ecx = 0;
    uint32_t edx = 0;

    explicit CpuidLeaf(uint32_t leaf, uint32_t subleaf = 0) {
        __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx);
    }
};

constexpr bool has_bit(uint32_t word, int bit) {
    return (word >> bit & 1) != 0;
}

/// The parts of the processor's state that the system saves (register XCR0).
uint32_t saved_state() {
    uint32_t low  = 0;
    uint32_t high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

} // namespace

ProcessorFeatures processor_features() {
    constexpr uint32_t vectors_256 = 0x06; // SSE's and AVX's registers

    const CpuidLeaf basic(1);
    const bool      has_xgetbv = has_bit(basic.ecx, 27);
    const bool      has_fma    = has_bit(basic.ecx, 12);
    const bool      has_f16c   = has_bit(basic.ecx, 29);
    const CpuidLeaf extended(7);
    const uint32_t  saved  = has_xgetbv ? saved_state() : 0;
    const bool      is_256 = (saved & vectors_256) == vectors_256;
#if defined(__APPLE__)
    const bool is_512 = is_256; // macOS begins to save them when a thread first uses them
#else
    constexpr uint32_t vectors_512 = 0xe6; // and AVX-512's, with its masks
    const bool         is_512      = (saved & vectors_512) == vectors_512;
#endif

    ProcessorFeatures features;
    features.avx2        = is_256 && has_fma && has_f16c && has_bit(extended.ebx, 5);
    features.avx512      = is_512 && has_fma && has_bit(extended.ebx, 16) && has_bit(extended.ebx, 17);
    features.avx512_bf16 = features.avx512 && extended.eax >= 1 && has_bit(CpuidLeaf(7, 1).eax, 5);
    features.amx_bf16    = features.avx512 && has_bit(extended.edx, 22) && has_bit(extended.edx, 24);
    return features;
}

#else

ProcessorFeatures processor_features() {
    return {};
}

#endif

} // namespace longembed
