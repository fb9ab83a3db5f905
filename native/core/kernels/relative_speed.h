#pragma once

#include "cpu_kernels.h"

namespace longembed {

/// How many times as fast as `other` these kernels multiply matrices on this machine, measured on the calling thread in
/// a few milliseconds. What a processor lists says little: AVX512-BF16 runs at twice the rate of floats on AMD's Zen 5
/// and at half of it on Intel's Sapphire Rapids.
double relative_speed(const CpuKernels & kernels, const CpuKernels & other);

/// A reduced precision that is no faster only loses digits. The least gain for which it is worth its error.
constexpr double min_bf16_gain = 1.1;

} // namespace longembed
