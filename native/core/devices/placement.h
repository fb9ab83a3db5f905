#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longembed {

/// Bytes of a model's weights, by the parts that are placed separately. The weights before the first layer stay on the
/// CPU.
struct WeightSizes {
    std::vector<uint64_t> layers;
    uint64_t              output = 0; ///< what follows the last layer and goes where that one is
};

/// A GPU, and the bytes that can be allocated there.
struct GpuCapacity {
    std::string name;
    uint64_t    free = 0;
};

/// The memory for computing, in addition to the weights, in bytes.
struct ComputeEstimate {
    uint64_t activations = 0; ///< kept for all tokens, on the GPU that has the last layer
    uint64_t graphs      = 0; ///< for one block, on every GPU that has layers
};

/// The placement of layers: the last ones on GPUs, those before them on the CPU.
struct Placement {
    struct GpuLayers {
        size_t gpu;    ///< index in the list that plan_placement was given
        int    layers; ///< count of consecutive layers
    };
    std::vector<GpuLayers>
        gpus; ///< in the layers' order; the last entry has the activations too; empty: all layers on the CPU

    int gpu_layers() const;
};

/// Puts as many layers on GPUs as fit: all on the GPU with the most free memory if they fit there, else the last ones
/// on that GPU and those before them on the next.
/// @param margin  bytes to leave free on each GPU, for its driver and what its libraries allocate while they compute
Placement plan_placement(const WeightSizes & weights, const std::vector<GpuCapacity> & gpus,
                         const ComputeEstimate & compute, uint64_t margin);

} // namespace longembed
