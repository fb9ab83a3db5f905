// The choice of kernels by what they reach on this machine.

#include <cmath>
#include <string>

#include "kernels/relative_speed.h"
#include "testing.h"

namespace longembed::test {

namespace {

const KernelVariant & usable(const std::string & name) {
    for (const KernelVariant & variant : kernel_variants()) {
        if (name == variant.name && variant.is_usable) {
            return variant;
        }
    }
    throw Skip("this processor has no " + name + " kernels");
}

/// Vectors of eight floats against vectors of four.
void finds_the_faster() {
    const CpuKernels avx2     = usable("avx2").make();
    const CpuKernels portable = usable("portable").make();
    const double     ratio    = relative_speed(avx2, portable);
    expect(ratio > min_bf16_gain, "AVX2 is only " + std::to_string(ratio) + " times as fast as four floats");
    const double inverse = relative_speed(portable, avx2);
    expect(inverse < 1.0, "four floats are " + std::to_string(inverse) + " times as fast as AVX2");
}

void finds_the_same_equal() {
    const CpuKernels kernels = cpu_kernels();
    if (kernels.gemm == nullptr) {
        throw Skip("LONGEMBED_KERNELS names none");
    }
    const double ratio = relative_speed(kernels, kernels);
    expect(std::fabs(ratio - 1.0) < 0.1, "the same kernels differ by " + std::to_string(ratio));
}

} // namespace

void add_relative_speed_tests(std::vector<Test> & tests) {
    tests.push_back({"speed: finds the faster of two variants", finds_the_faster});
    tests.push_back({"speed: finds a variant as fast as itself", finds_the_same_equal});
}

} // namespace longembed::test
