#include "memory.h"

#include <algorithm>
#include <cstdio>

#include "error.h"
#include "units.h"

namespace longembed {

namespace {

DeviceMemory free_on(ggml_backend_dev_t device) {
    DeviceMemory memory;
    memory.device = ggml_backend_dev_name(device);
    size_t free   = 0;
    size_t total  = 0;
    ggml_backend_dev_memory(device, &free, &total);
    memory.available = free;
    return memory;
}

} // namespace

DeviceMemory & MemoryEstimate::on(ggml_backend_buffer_type_t buffers) {
    const ggml_backend_dev_t device = ggml_backend_buft_get_device(buffers);
    // a GPU's pinned buffers are the process's own memory
    const bool host = device == nullptr || ggml_backend_buft_is_host(buffers) ||
                      ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU;

    const std::string name = host ? "CPU" : ggml_backend_dev_name(device);
    const auto        found =
        std::find_if(devices.begin(), devices.end(), [&](const DeviceMemory & d) { return d.device == name; });
    if (found != devices.end()) {
        return *found;
    }
    if (host) {
        DeviceMemory memory;
        memory.device    = name;
        memory.host      = true;
        memory.available = available_memory();
        devices.push_back(memory);
    } else {
        devices.push_back(free_on(device));
    }
    return devices.back();
}

void MemoryEstimate::check(int64_t tokens) const {
    for (const DeviceMemory & memory : devices) {
        if (memory.missing > memory.available) {
            throw Error(ErrorCode::out_of_memory,
                        "There is not enough memory for " + std::to_string(tokens) + " tokens at once: they take " +
                            bytes_text(memory.missing) + " more on " + memory.device + ", and " +
                            bytes_text(memory.available) + " are free. " + what_would_fit(memory, tokens) +
                            "Shorter inputs or smaller batches need less; with pcw, longer texts take no more.");
        }
    }
}

std::string MemoryEstimate::what_would_fit(const DeviceMemory & memory, int64_t tokens) const {
    std::string words;
    // activations grow with the tokens, graphs do not
    const uint64_t held =
        memory.activations + memory.graphs - std::min(memory.activations + memory.graphs, memory.missing);
    const uint64_t capacity = held + memory.available - std::min(held + memory.available, memory.graphs);
    const auto     fits     = memory.activations == 0
                                  ? int64_t{0}
                                  : static_cast<int64_t>(static_cast<double>(tokens) * static_cast<double>(capacity) /
                                                 static_cast<double>(memory.activations));
    if (constexpr int64_t min_worth_saying = 64; fits >= min_worth_saying && fits < tokens) {
        words += "About " + std::to_string(fits) + " tokens would fit. ";
    }
    if (!memory.host && layer_bytes > 0) {
        const auto too_many = static_cast<int64_t>((memory.missing - memory.available + layer_bytes - 1) / layer_bytes);
        words += too_many < gpu_layers ? "All of them would fit with " + std::to_string(gpu_layers - too_many) +
                                             " layers on GPUs (gpuLayers) or with a smaller quantization. "
                                       : "On the CPU (gpuLayers 0) they may fit. ";
    }
    return words;
}

} // namespace longembed
