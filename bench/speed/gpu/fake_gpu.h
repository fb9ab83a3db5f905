#pragma once

#include <cstdint>
#include <vector>

/// Registers simulated GPUs: devices with their own, limited memory and only the operations that CUDA supports, which
/// compute on the CPU. They allow planning and scheduling for GPUs to be tried without one. Call it once, before
/// anything lists devices.
/// @param bytes  memory of each device
void register_fake_gpus(const std::vector<uint64_t> & bytes);
