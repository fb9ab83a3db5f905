#pragma once

#include <string>
#include <vector>

#include "control.h"
#include "ggml-backend.h"
#include "llama/llama_file.h"
#include "load_options.h"

namespace longembed {

/// Plans where a model's layers go before it is loaded: its file is read without its weights, and the engine says what texts of
/// options.plan_tokens take beside them.
/// @param gpus  at least one
/// @throws Error as Model::load
GpuPlan plan_gpus(const std::string & path, const LoadOptions & options, const std::vector<ggml_backend_dev_t> & gpus, Control & control);

} // namespace longembed
