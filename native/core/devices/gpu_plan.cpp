#include "gpu_plan.h"

#include <algorithm>
#include <cstdlib>

#include "engine.h"
#include "error.h"
#include "facts.h"
#include "llama-model.h"
#include "placement.h"

namespace longembed {

namespace {

// For what no plan sees: the driver's own memory is gone already when free memory is asked for, but libraries for matrix products
// allocate room of their own, and so do kernels that convert weights or activations first.
constexpr uint64_t margin = uint64_t{1} << 30;

// Each round measures the plan of the one before. Layers that stay on the CPU are brought to the GPU block by block, which takes
// room there, so the first plan that leaves some out may be too bold.
constexpr int most_rounds = 4;

GpuPlan plan_of(const Placement & placement, const std::vector<ggml_backend_dev_t> & gpus) {
    GpuPlan plan;
    for (const Placement::Share & share : placement.shares) {
        plan.devices.push_back(gpus[share.gpu]);
        plan.split.push_back(static_cast<float>(share.layers));
    }
    if (!plan.split.empty()) {
        plan.split.back() += 1.0f;
    }
    plan.gpu_layers = placement.gpu_layers();
    return plan;
}

WeightSizes sizes_of(const llama_model & model) {
    WeightSizes sizes;
    sizes.layers.resize(model.hparams.n_layer());
    uint64_t in_layers = 0;
    for (const auto & [name, tensor] : llama_internal_get_tensor_map(&model)) {
        if (name.rfind("blk.", 0) == 0) {
            const size_t layer = std::strtoul(name.c_str() + 4, nullptr, 10);
            if (layer < sizes.layers.size()) {
                sizes.layers[layer] += ggml_nbytes(tensor);
                in_layers += ggml_nbytes(tensor);
            }
        }
    }
    // all layers are on GPUs here, so what else is there follows them
    uint64_t on_gpus = 0;
    for (const auto & [buffers, bytes] : model.memory_breakdown()) {
        on_gpus += ggml_backend_buft_is_host(buffers) ? 0 : bytes;
    }
    sizes.output = on_gpus - std::min(on_gpus, in_layers);
    return sizes;
}

/// What a text of some length takes on GPUs.
ComputeNeed need_of(const llama_model & model, const LoadOptions & options) {
    Facts facts   = read_facts(model);
    facts.threads = 1;
    const int32_t              length = options.plan_tokens > 0 ? options.plan_tokens : std::max(1, facts.context_length);
    const std::vector<int32_t> tokens(length, 0);
    Batch batch;
    batch.tokens      = tokens.data();
    batch.lengths     = &length;
    batch.n_tokens    = length;
    batch.n_sequences = 1;
    batch.pooling     = facts.causal ? Pooling::last : Pooling::mean;

    ComputeNeed need;
    const MemoryNeed memory = make_engine(model, facts, Precision::full)->memory(batch);
    for (const DeviceMemory & device : memory.devices) {
        if (!device.host) {
            need.activations = std::max(need.activations, device.activations);
            need.graphs      = std::max(need.graphs, device.graphs);
        }
    }
    return need;
}

Error nothing_fits(const WeightSizes & weights, const std::vector<GpuRoom> & rooms, const ComputeNeed & need) {
    const GpuRoom & largest = *std::max_element(rooms.begin(), rooms.end(), [](const GpuRoom & a, const GpuRoom & b) { return a.free < b.free; });
    const uint64_t  layer   = weights.layers.empty() ? 0 : weights.layers.back();
    return Error(ErrorCode::out_of_memory, "Not one layer of this model fits on " + largest.name + ", which has " + gigabytes(largest.free) +
                                               " free: the last layer and what follows it take " + gigabytes(layer + weights.output) + ", computing takes " +
                                               gigabytes(need.activations + need.graphs) + ", and " + gigabytes(margin) +
                                               " stay free for the driver. A smaller quantization or a smaller context needs less; \"auto\" and \"cpu\" compute on the CPU.");
}

} // namespace

GpuPlan plan_gpus(const std::string & path, const LoadOptions & options, const std::vector<ggml_backend_dev_t> & gpus, Control & control) {
    std::vector<GpuRoom> rooms;
    for (ggml_backend_dev_t gpu : gpus) {
        size_t free  = 0;
        size_t total = 0;
        ggml_backend_dev_memory(gpu, &free, &total);
        rooms.push_back({ggml_backend_dev_name(gpu), free});
    }

    const auto all_layers = load_without_weights(path, GpuPlan{gpus, {}, -1}, control);
    const WeightSizes weights = sizes_of(*all_layers);
    ComputeNeed need       = need_of(*all_layers, options);
    Placement   placement  = plan_placement(weights, rooms, need, margin);
    for (int round = 1; round < most_rounds && !placement.shares.empty(); ++round) {
        const ComputeNeed now = need_of(*load_without_weights(path, plan_of(placement, gpus), control), options);
        if (now.activations <= need.activations && now.graphs <= need.graphs) {
            break;
        }
        need.activations = std::max(need.activations, now.activations);
        need.graphs      = std::max(need.graphs, now.graphs);
        placement        = plan_placement(weights, rooms, need, margin);
    }
    if (placement.shares.empty() && options.backend != "auto") {
        throw nothing_fits(weights, rooms, need);
    }
    return plan_of(placement, gpus);
}

} // namespace longembed
