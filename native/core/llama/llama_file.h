#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control.h"
#include "ggml-backend.h"

struct llama_model;

namespace longembed {

/// The GPUs in use and the share of each, in llama.cpp's terms.
struct GpuPlan {
    std::vector<ggml_backend_dev_t> devices; ///< empty: all layers stay on the CPU; the last one has the last layer
    std::vector<float> split; ///< layers of each device, what follows the last counted as one; empty: by memory
    int                gpu_layers = 0;       ///< −1: all
    ggml_backend_dev_t embeddings = nullptr; ///< where token and position embeddings go; nullptr: main memory
};

/// How weights lie in the CPU's memory.
enum class WeightOrder {
    file,            ///< as in the file, which may then stay mapped
    fastest_in_ggml, ///< in the order that ggml multiplies fastest: a copy if the file's order differs
};

/// Has llama.cpp load a model file.
/// @param mmap  map the file rather than read it
/// @throws Error ERR_MODEL_INVALID, ERR_OUT_OF_MEMORY, ERR_ABORTED
std::shared_ptr<llama_model> load_llama_file(const std::string & path, const GpuPlan & plan, WeightOrder order,
                                             bool mmap, Control & control);

/// The same without weights: the model's hyperparameters and tensors, and the memory that its weights would take on
/// each device.
std::shared_ptr<llama_model> load_without_weights(const std::string & path, const GpuPlan & plan, Control & control);

} // namespace longembed
