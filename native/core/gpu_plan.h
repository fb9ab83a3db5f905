#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control.h"
#include "devices/placement.h"
#include "ggml-backend.h"
#include "llama/llama_file.h"

namespace longembed {

/// Plans which layers go on which GPU before a model is loaded: the file is read without its weights, its
/// layers are placed, and the memory for computing there is estimated.
/// @param gpus      at least one
/// @param estimate  the memory for computing on GPUs, for a model that was loaded without weights
/// @param required  fail if not one layer fits, instead of leaving all on the CPU
/// @throws Error as Model::load
GpuPlan plan_gpus(const std::string & path, const std::vector<ggml_backend_dev_t> & gpus,
                  const std::function<ComputeEstimate(const llama_model &)> & estimate, bool required,
                  Control & control);

} // namespace longembed
