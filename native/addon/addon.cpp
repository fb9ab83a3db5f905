// The addon's exports, whose types and documentation are in lib/native/types.ts.

#include <filesystem>
#include <string>

#include <napi.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#elif LONGEMBED_BACKEND_DL
#include <dlfcn.h>
#endif

#include "addon_data.h"
#include "architectures/table.h"
#include "devices/devices.h"
#include "dot_products_job.h"
#include "job.h"
#include "kernels/cpu_kernels.h"
#include "model_object.h"
#include "row_search_job.h"
#include "tuner_object.h"
#include "vocabulary_object.h"

namespace longembed::addon {

namespace {

Napi::Value build_info(const Napi::CallbackInfo & info) {
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("llama", LONGEMBED_LLAMA_RELEASE);
    object.Set("commit", LONGEMBED_LLAMA_COMMIT);
    object.Set("kernels", cpu_kernels().name);
    return object;
}

/// isRotary(architecture)
Napi::Value is_rotary(const Napi::CallbackInfo & info) {
    return Napi::Boolean::New(info.Env(), longembed::is_rotary(info[0].ToString().Utf8Value()));
}

const char * kind_name(DeviceKind kind) {
    switch (kind) {
        case DeviceKind::cpu: return "cpu";
        case DeviceKind::gpu: return "gpu";
        case DeviceKind::igpu: return "igpu";
        case DeviceKind::accel: return "accel";
    }
    return "accel";
}

Napi::Value list_devices(const Napi::CallbackInfo & info) {
    const Napi::Env           env   = info.Env();
    const std::vector<Device> found = devices();
    Napi::Array               list  = Napi::Array::New(env, found.size());
    for (size_t i = 0; i < found.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("name", found[i].name);
        object.Set("description", found[i].description);
        object.Set("backend", found[i].backend);
        object.Set("kind", kind_name(found[i].kind));
        object.Set("memoryTotal", static_cast<double>(found[i].memory_total));
        object.Set("memoryFree", static_cast<double>(found[i].memory_free));
        list.Set(static_cast<uint32_t>(i), object);
    }
    return list;
}

#if LONGEMBED_BACKEND_DL
/// The folder that longembed.node is in: the release build's backend libraries are beside it.
std::string folder_of_this_library() {
#if defined(_WIN32)
    HMODULE library = nullptr;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                       reinterpret_cast<LPCWSTR>(&folder_of_this_library), &library);
    std::wstring path(MAX_PATH, L'\0');
    DWORD        length = 0;
    while ((length = GetModuleFileNameW(library, path.data(), static_cast<DWORD>(path.size()))) == path.size()) {
        path.resize(path.size() * 2);
    }
    path.resize(length);
    return std::filesystem::path(path).parent_path().u8string();
#else
    Dl_info info = {};
    dladdr(reinterpret_cast<void *>(&folder_of_this_library), &info);
    return std::filesystem::path(info.dli_fname == nullptr ? "" : info.dli_fname).parent_path().string();
#endif
}
#endif

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
#if LONGEMBED_BACKEND_DL
    set_backend_folder(folder_of_this_library());
#endif
    auto * data            = new AddonData();
    data->model_class      = Napi::Persistent(ModelObject::define(env));
    data->vocabulary_class = Napi::Persistent(VocabularyObject::define(env));
    data->tuner_class      = Napi::Persistent(TunerObject::define(env));
    env.SetInstanceData(data);

    exports.Set("buildInfo", Napi::Function::New<build_info>(env, "buildInfo"));
    exports.Set("devices", Napi::Function::New<list_devices>(env, "devices"));
    exports.Set("isRotary", Napi::Function::New<is_rotary>(env, "isRotary"));
    exports.Set("dotProducts", Napi::Function::New<start_dot_products>(env, "dotProducts"));
    exports.Set("quantizeRows", Napi::Function::New<quantize_row_array>(env, "quantizeRows"));
    exports.Set("boundProducts", Napi::Function::New<start_bound_products>(env, "boundProducts"));
    exports.Set("rowProducts", Napi::Function::New<start_row_products>(env, "rowProducts"));
    exports.Set("loadModel", Napi::Function::New<ModelObject::load>(env, "loadModel"));
    exports.Set("loadVocabulary", Napi::Function::New<VocabularyObject::load>(env, "loadVocabulary"));
    exports.Set("startTuner", Napi::Function::New<TunerObject::start>(env, "startTuner"));
    return exports;
}

} // namespace

NODE_API_MODULE(longembed, initialize)

} // namespace longembed::addon
