#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longembed {

/// Bytes of a model's weights by what may be placed on its own. What comes before the first layer stays on the CPU.
struct WeightSizes {
    std::vector<uint64_t> layers;
    uint64_t              output = 0;  ///< what follows the last layer; it goes where that one is
};

/// A GPU, and the bytes that may be allocated there.
struct GpuRoom {
    std::string name;
    uint64_t    free = 0;
};

/// What computing takes beside the weights, in bytes.
struct ComputeNeed {
    uint64_t activations = 0;  ///< what is kept of all tokens: on the GPU that has the last layer
    uint64_t graphs      = 0;  ///< what a block needs: on every GPU that has layers
};

/// Which layers go where: the last ones on GPUs, those before them on the CPU.
struct Placement {
    struct Share {
        size_t gpu;     ///< index in what plan_placement was given
        int    layers;  ///< neighbours, in the order of the shares
    };
    std::vector<Share> shares;  ///< the last share has the last layer, what follows it, and the activations; empty: all on the CPU

    int gpu_layers() const;
};

/// As many layers on GPUs as fit: on one GPU, the one with the most room, where all fit there; else the last ones on that one,
/// those before them on the next.
/// @param margin  bytes to leave free on each GPU, for its driver and what its library allocates while it computes
Placement plan_placement(const WeightSizes & weights, const std::vector<GpuRoom> & gpus, const ComputeNeed & need, uint64_t margin);

} // namespace longembed
