#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "llama-arch.h"

namespace longembed {

/// How much of a file is used.
enum class FilePart { all, vocabulary };

struct CheckedFile {
    llm_arch                 architecture;
    std::vector<std::string> parts; ///< paths, the first part's first; of a file that is not split its own alone
    bool mappable; ///< whether its weights lie as ggml computes with them; if not, they must be read into memory
};

/// Checks a model file before ggml and llama.cpp read it: that it exists and is whole, that its header is well-formed,
/// that its keys are within bounds and consistent, that its vocabulary is usable, and that it has the tensors that its
/// architecture's graph computes with, in their shapes and types. Of a split model, give the first part: all parts are
/// checked.
/// @throws Error ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED
CheckedFile check_model_file(const std::string & path, FilePart part = FilePart::all);

/// The same for a file that is not split, from a stream.
/// @param size  bytes that the stream has
/// @param path  for messages
void check_model_stream(std::istream & stream, uint64_t size, const std::string & path, FilePart part = FilePart::all);

} // namespace longembed
