#include "gpu_plan.h"

#include <algorithm>

#include "devices/memory.h"
#include "error.h"
#include "ggml-cpp.h"
#include "llama-model.h"
#include "ops/weights.h"
#include "units.h"

namespace longembed {

namespace {

// For memory that no plan sees: what the driver itself takes is gone before free memory is read, but matrix libraries,
// and kernels that convert weights or activations first, allocate buffers of their own.
constexpr uint64_t margin_bytes = uint64_t{1} << 30;

// Each round measures the plan of the one before. Weights of layers that stay on the CPU are copied to the GPU block by
// block and take memory there, so the first plan that leaves layers out may be too optimistic.
constexpr int max_rounds = 4;

/// Whether a device can look up the rows of a model's embedding matrices. llama.cpp keeps those in main memory, where
/// ggml looks up and unpacks rows on one thread, and a row of floats for each token is copied to the GPU: for 32k
/// tokens of E5-Mistral's shape in Q4_K_M, 0.2 of 2.7 seconds of an H100.
bool looks_up_embeddings(ggml_backend_dev_t gpu, const llama_model & model) {
    for (const char * name : {"token_embd.weight", "position_embd.weight"}) {
        const ggml_tensor * matrix = model.get_tensor(name);
        if (matrix == nullptr) {
            continue;
        }
        const ggml_context_ptr ctx(ggml_init({4 * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
        ggml_tensor *          rows = ggml_new_tensor_2d(ctx.get(), matrix->type, matrix->ne[0], matrix->ne[1]);
        if (!ggml_backend_dev_supports_op(
                gpu, ggml_get_rows(ctx.get(), rows, ggml_new_tensor_1d(ctx.get(), GGML_TYPE_I32, 64)))) {
            return false;
        }
    }
    return true;
}

/// @param layers  of the model
GpuPlan plan_of(const Placement & placement, const std::vector<ggml_backend_dev_t> & gpus, size_t layers,
                bool embeddings) {
    GpuPlan plan;
    for (const Placement::GpuLayers & part : placement.gpus) {
        plan.devices.push_back(gpus[part.gpu]);
        plan.split.push_back(static_cast<float>(part.layers));
    }
    if (!plan.split.empty()) {
        plan.split.back() += 1.0f;
    }
    plan.gpu_layers = placement.gpu_layers();
    if (embeddings && static_cast<size_t>(plan.gpu_layers) == layers) {
        plan.embeddings = plan.devices.front(); // which has the first layer
    }
    return plan;
}

WeightSizes sizes_of(const llama_model & model) {
    WeightSizes sizes;
    sizes.layers.resize(model.hparams.n_layer());
    uint64_t in_layers = 0;
    for (const auto & [name, tensor] : llama_internal_get_tensor_map(&model)) {
        const int layer = layer_of(name);
        if (layer >= 0 && layer < static_cast<int>(sizes.layers.size())) {
            sizes.layers[layer] += ggml_nbytes(tensor);
            in_layers += ggml_nbytes(tensor);
        }
    }
    // all layers are on GPUs in this plan, and so is what follows the last
    uint64_t on_gpus = 0;
    for (const auto & [buffers, bytes] : model.memory_breakdown()) {
        on_gpus += ggml_backend_buft_is_host(buffers) ? 0 : bytes;
    }
    sizes.output = on_gpus - std::min(on_gpus, in_layers);
    return sizes;
}

Error nothing_fits(const WeightSizes & weights, const std::vector<GpuCapacity> & gpus,
                   const ComputeEstimate & compute) {
    const GpuCapacity & largest = *std::max_element(
        gpus.begin(), gpus.end(), [](const GpuCapacity & a, const GpuCapacity & b) { return a.free < b.free; });
    const uint64_t layer = weights.layers.empty() ? 0 : weights.layers.back();
    return Error(ErrorCode::out_of_memory,
                 "Not one layer of this model fits on " + largest.name + ", which has " + bytes_text(largest.free) +
                     " free: the last layer and what follows it take " + bytes_text(layer + weights.output) +
                     ", computing takes " + bytes_text(compute.activations + compute.graphs) + ", and " +
                     bytes_text(margin_bytes) +
                     " stay free for the driver. A smaller quantization or a smaller context needs less; \"auto\" and "
                     "\"cpu\" compute on the CPU.");
}

} // namespace

GpuPlan plan_gpus(const std::string & path, const std::vector<ggml_backend_dev_t> & gpus,
                  const std::function<ComputeEstimate(const llama_model &)> & estimate, bool required,
                  Control & control) {
    std::vector<GpuCapacity> capacities;
    for (ggml_backend_dev_t gpu : gpus) {
        size_t free  = 0;
        size_t total = 0;
        ggml_backend_dev_memory(gpu, &free, &total);
        capacities.push_back({ggml_backend_dev_name(gpu), free});
    }

    GpuPlan    whole{gpus, {}, -1, gpus.front()};
    auto       all_layers = load_without_weights(path, whole, control);
    const bool embeddings = std::all_of(gpus.begin(), gpus.end(),
                                        [&](ggml_backend_dev_t gpu) { return looks_up_embeddings(gpu, *all_layers); });
    if (!embeddings) {
        whole.embeddings = nullptr;
        all_layers       = load_without_weights(path, whole, control);
    }
    const WeightSizes weights = sizes_of(*all_layers);
    const auto plan = [&](const Placement & some) { return plan_of(some, gpus, weights.layers.size(), embeddings); };
    ComputeEstimate compute   = estimate(*all_layers);
    Placement       placement = plan_placement(weights, capacities, compute, margin_bytes);
    for (int round = 1; round < max_rounds && !placement.gpus.empty(); ++round) {
        const ComputeEstimate measured = estimate(*load_without_weights(path, plan(placement), control));
        if (measured.activations <= compute.activations && measured.graphs <= compute.graphs) {
            break;
        }
        compute.activations = std::max(compute.activations, measured.activations);
        compute.graphs      = std::max(compute.graphs, measured.graphs);
        placement           = plan_placement(weights, capacities, compute, margin_bytes);
    }
    if (placement.gpus.empty() && required) {
        throw nothing_fits(weights, capacities, compute);
    }
    return plan(placement);
}

} // namespace longembed
