#include "placement.h"

#include <algorithm>
#include <numeric>

namespace longembed {

int Placement::gpu_layers() const {
    return std::accumulate(shares.begin(), shares.end(), 0, [](int sum, const Share & share) { return sum + share.layers; });
}

Placement plan_placement(const WeightSizes & weights, const std::vector<GpuRoom> & gpus, const ComputeNeed & need, uint64_t margin) {
    std::vector<size_t> by_room(gpus.size());
    std::iota(by_room.begin(), by_room.end(), 0);
    std::stable_sort(by_room.begin(), by_room.end(), [&](size_t a, size_t b) { return gpus[a].free > gpus[b].free; });

    Placement placement;
    size_t    left = weights.layers.size();
    for (size_t gpu : by_room) {
        // the first to be filled has the last layer, and what goes with it
        const bool     first = placement.shares.empty();
        const uint64_t fixed = margin + need.graphs + (first ? need.activations + weights.output : 0);
        if (gpus[gpu].free < fixed) {
            break; // the others have less, and without the last layer there is no GPU to keep activations on
        }
        uint64_t room   = gpus[gpu].free - fixed;
        int      layers = 0;
        while (left > 0 && weights.layers[left - 1] <= room) {
            room -= weights.layers[--left];
            ++layers;
        }
        if (layers == 0) {
            break;
        }
        placement.shares.push_back({gpu, layers});
    }
    std::reverse(placement.shares.begin(), placement.shares.end());
    return placement;
}

} // namespace longembed
