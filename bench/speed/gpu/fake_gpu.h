#pragma once

#include <cstdint>
#include <vector>

/// Registers devices that ggml takes for GPUs: memory of their own, so much of it and no more, and only the operations that CUDA
/// has; they compute on the CPU. What is planned and scheduled for GPUs can so be tried where there is none. Call it once, before
/// anything asks for devices.
/// @param bytes  memory of each device
void register_fake_gpus(const std::vector<uint64_t> & bytes);
