#pragma once

#include <memory>
#include <string>

struct llama_model;

namespace longembed {

/// Adds to a loaded `t5encoder` the tensors of the dense layers after pooling that its file has, which llama.cpp skips
/// (hooks/done_getting_tensors.cpp), so that they are found by name like all others.
/// @param path       of a file that has been checked, the first part of a split one: the others are read with it
/// @param with_data  false: their sizes only, as for a model that was loaded without weights
/// @return what their memory lives as long as; null where there is nothing to add
/// @throws Error ERR_MODEL_INVALID, ERR_OUT_OF_MEMORY
std::shared_ptr<void> add_head_tensors(llama_model & model, const std::string & path, bool with_data);

} // namespace longembed
