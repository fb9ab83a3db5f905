#include "devices.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <mutex>

#include "error.h"
#include "llama.h"
#include "llama/log.h"

namespace longembed {

namespace {

std::string backend_folder;

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

DeviceKind kind_of(enum ggml_backend_dev_type type) {
    switch (type) {
        case GGML_BACKEND_DEVICE_TYPE_CPU: return DeviceKind::cpu;
        case GGML_BACKEND_DEVICE_TYPE_GPU: return DeviceKind::gpu;
        case GGML_BACKEND_DEVICE_TYPE_IGPU: return DeviceKind::igpu;
        default: return DeviceKind::accel;
    }
}

bool is_gpu(ggml_backend_dev_t device) {
    const auto type = ggml_backend_dev_type(device);
    return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
}

std::string backend_of(ggml_backend_dev_t device) {
    return ggml_backend_reg_name(ggml_backend_dev_backend_reg(device));
}

bool is_backend(const std::string & registered, const std::string & backend) {
    return lower_case(registered).rfind(backend, 0) == 0;
}

/// Why a backend has no device. ggml passes over files that cannot be loaded and does not say why, so that is tried
/// again.
std::string missing_device(const std::string & backend) {
    for (size_t i = 0; i < ggml_backend_reg_count(); ++i) {
        if (is_backend(ggml_backend_reg_name(ggml_backend_reg_get(i)), backend)) {
            return "its driver reports none";
        }
    }
    for (const std::string & name : {"libggml-" + backend + ".so", "ggml-" + backend + ".dll"}) {
        const std::string file = backend_folder.empty() ? "" : backend_folder + "/" + name;
        std::error_code   error;
        if (file.empty() || !std::filesystem::is_regular_file(std::filesystem::u8path(file), error)) {
            continue;
        }
        clear_errors();
        ggml_backend_load(file.c_str());
        const std::string reason = logged_errors();
        return reason.empty() ? "its driver or its libraries are missing" : reason;
    }
    return "this build was made without it";
}

} // namespace

void set_backend_folder(const std::string & folder) {
    backend_folder = folder;
}

void load_backends() {
    static std::once_flag once;
    std::call_once(once, [] {
        capture_logs();
        if (!backend_folder.empty()) {
            ggml_backend_load_all_from_path(backend_folder.c_str());
        }
        llama_backend_init();
    });
}

std::vector<Device> devices() {
    load_backends();
    std::vector<Device> found;
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        Device             d;
        d.name        = ggml_backend_dev_name(device);
        d.description = ggml_backend_dev_description(device);
        d.backend     = backend_of(device);
        d.kind        = kind_of(ggml_backend_dev_type(device));
        ggml_backend_dev_memory(device, &d.memory_free, &d.memory_total);
        found.push_back(d);
    }
    return found;
}

std::vector<ggml_backend_dev_t> gpu_devices(const std::string & backend) {
    load_backends();
    std::vector<ggml_backend_dev_t> found;
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (is_gpu(device) && (backend == "auto" || is_backend(backend_of(device), backend))) {
            found.push_back(device);
        }
    }
    if (found.empty() && backend != "auto") {
        throw Error(ErrorCode::backend, "Backend \"" + backend + "\" has no device here: " + missing_device(backend) +
                                            ". \"auto\" uses whatever is available, \"cpu\" always works.");
    }
    return found;
}

ggml_backend_dev_t cpu_device() {
    load_backends();
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (device == nullptr) {
        throw Error(ErrorCode::backend,
                    "No CPU backend was found: the installation is incomplete, install the package again.");
    }
    return device;
}

} // namespace longembed
