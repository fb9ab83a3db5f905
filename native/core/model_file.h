#pragma once

#include <string>

namespace longembed {

/// Looks at a model file before llama.cpp does: that it is there, is a GGUF, is of an
/// architecture llama.cpp knows, has weights of types that can be computed with, and is whole.
/// @throws Error ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED
void check_model_file(const std::string & path);

} // namespace longembed
