// What ggml's CPU backend may choose by the processor.

#include <string>

#include "devices/devices.h"
#include "ggml-backend.h"
#include "testing.h"

namespace longembed::test {

namespace {

ggml_backend_dev_t cpu() {
    load_backends();
    ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    expect(device != nullptr, "ggml finds no CPU");
    return device;
}

template <typename Function> Function function_of(ggml_backend_dev_t device, const char * name) {
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), name));
}

/// ggml's AMX code crashes (cmake/llama.cmake): it must not be compiled.
void has_no_amx() {
    const ggml_backend_dev_t device   = cpu();
    const auto               features = function_of<ggml_backend_get_features_t>(device, "ggml_backend_get_features");
    expect(features != nullptr, "ggml does not say what its CPU backend was compiled with");
    bool any = false;
    for (const ggml_backend_feature * one = features(ggml_backend_dev_backend_reg(device)); one->name != nullptr;
         ++one) {
        any = true;
        expect(std::string(one->name).find("AMX") == std::string::npos, std::string("ggml uses ") + one->name);
    }
    expect(any, "ggml lists no features");
}

/// Weights in an order of their own are computed by code of their own.
void has_no_amx_weights() {
    const auto buffers = function_of<ggml_backend_dev_get_extra_bufts_t>(cpu(), "ggml_backend_dev_get_extra_bufts");
    expect(buffers != nullptr, "ggml does not list its buffer types");
    for (ggml_backend_buffer_type_t * type = buffers(cpu()); type != nullptr && *type != nullptr; ++type) {
        const std::string name = ggml_backend_buft_name(*type);
        expect(name == "CPU_REPACK", "weights may go to " + name);
    }
}

} // namespace

void add_backend_tests(std::vector<Test> & tests) {
    tests.push_back({"backend: uses no AMX", has_no_amx});
    tests.push_back({"backend: reorders weights for its own repacked products only", has_no_amx_weights});
}

} // namespace longembed::test
