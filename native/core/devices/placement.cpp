#include "placement.h"

#include <algorithm>
#include <numeric>

namespace longembed {

int Placement::gpu_layers() const {
    return std::accumulate(gpus.begin(), gpus.end(), 0,
                           [](int sum, const GpuLayers & part) { return sum + part.layers; });
}

Placement plan_placement(const WeightSizes & weights, const std::vector<GpuCapacity> & gpus,
                         const ComputeEstimate & compute, uint64_t margin) {
    std::vector<size_t> by_free(gpus.size());
    std::iota(by_free.begin(), by_free.end(), 0);
    std::stable_sort(by_free.begin(), by_free.end(), [&](size_t a, size_t b) { return gpus[a].free > gpus[b].free; });

    Placement placement;
    size_t    left = weights.layers.size();
    for (size_t gpu : by_free) {
        // the first to be filled has the last layer and what goes with it
        const bool     first = placement.gpus.empty();
        const uint64_t fixed = margin + compute.graphs + (first ? compute.activations + weights.output : 0);
        if (gpus[gpu].free < fixed) {
            break; // the others have less, and activations must be where the last layer is
        }
        uint64_t free   = gpus[gpu].free - fixed;
        int      layers = 0;
        while (left > 0 && weights.layers[left - 1] <= free) {
            free -= weights.layers[--left];
            ++layers;
        }
        if (layers == 0) {
            break;
        }
        placement.gpus.push_back({gpu, layers});
    }
    std::reverse(placement.gpus.begin(), placement.gpus.end());
    return placement;
}

} // namespace longembed
