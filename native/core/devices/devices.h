#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ggml-backend.h"

namespace longembed {

enum class DeviceKind { cpu, gpu, igpu, accel };

/// A device that ggml's registry found on this machine.
struct Device {
    std::string name;
    std::string description;
    std::string backend; ///< "CPU", "CUDA", "Metal", "Vulkan", …
    DeviceKind  kind;
    size_t      memory_total; ///< bytes
    size_t      memory_free;  ///< bytes
};

/// Sets the folder with the release build's backend libraries (libggml-cpu-*.so, …); to be called before everything
/// else. A source build has its backends linked in and needs no call.
void set_backend_folder(const std::string & folder);

/// Finds the backends, once in a process; every other function here calls it.
void load_backends();

std::vector<Device> devices();

/// The GPUs of a backend by its lower-case name ("cuda", "metal", "vulkan"). "auto" returns those of all backends,
/// perhaps none.
/// @throws Error ERR_BACKEND if a named backend has no device here
std::vector<ggml_backend_dev_t> gpu_devices(const std::string & backend);

/// @throws Error ERR_BACKEND if there is none, which means a broken installation
ggml_backend_dev_t cpu_device();

} // namespace longembed
