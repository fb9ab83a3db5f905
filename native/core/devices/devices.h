#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ggml-backend.h"

namespace longembed {

/// A device that ggml's registry found on this machine.
struct Device {
    std::string name;
    std::string description;
    std::string backend;       ///< "CPU", "CUDA", "Metal", "Vulkan", …
    std::string kind;          ///< "cpu", "gpu", "igpu" or "accel"
    size_t      memory_total;  ///< bytes
    size_t      memory_free;   ///< bytes
};

/// Where the release build's backend libraries (libggml-cpu-*.so, …) lie; call before the first other call.
/// A source build has its backends linked in and needs no call.
void set_backend_folder(const std::string & folder);

/// Finds the backends once a process; every other function here calls it.
void load_backends();

std::vector<Device> devices();

/// GPU devices of a backend by its lower-case name ("cuda", "metal", "vulkan"; "auto": of any, and perhaps none).
/// @throws Error ERR_BACKEND when a named backend has no device here.
std::vector<ggml_backend_dev_t> gpu_devices(const std::string & backend);

/// @throws Error ERR_BACKEND when there is none, which means a broken installation.
ggml_backend_dev_t cpu_device();

/// Processor cores this process may use, hyper-threads counted once: more threads than that slow matrix products down.
int usable_cores();

} // namespace longembed
