#pragma once

#include <vector>

#include "gguf_header.h"
#include "hyperparameters.h"

namespace longembed {

/// Holds the tensors against what the architecture's graph computes with: that all are there, their shapes and their types, and
/// that there are no others. Of architectures that llama.cpp runs only the types are known here; it looks at the shapes.
/// @param tensors     of all parts of the file
/// @param vocabulary  tokens
/// @param segments    rows of the token-type matrix; 0 when the file does not say
/// @throws InvalidFile that names the tensor
void check_tensors(const std::vector<GgufTensor> & tensors, llm_arch architecture, const ModelSizes & sizes, int64_t vocabulary, int64_t segments);

} // namespace longembed
