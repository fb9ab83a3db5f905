#pragma once

#include <string>

#include "control.h"
#include "facts.h"

struct llama_model;

namespace longembed {

/// Compares what GPUs compute with what the CPU does, so that a driver or a backend with a fault is an error rather
/// than wrong vectors: a few short sequences through as many layers on GPUs as it takes to see each kind, with every
/// kind of attention that the model can be asked for. Done once for a file and placement in a process.
/// @param on_gpus  the loaded model, with layers on GPUs
/// @param path     its file, whose weights the CPU has for the time of the comparison
/// @param mmap     whether it maps them rather than reads them
/// @throws Error ERR_BACKEND if vectors differ by more than rounding explains; as Model::load
void check_devices(const llama_model & on_gpus, const std::string & path, bool mmap, const Facts & facts,
                   Control & control);

} // namespace longembed
