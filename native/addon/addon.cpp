// The addon's exports: lib/native/types.ts has their types and says what they do.

#include <napi.h>

#include "addon_data.h"
#include "backend_folder.h"
#include "devices/devices.h"
#include "dot_products_job.h"
#include "job.h"
#include "kernels/cpu_kernels.h"
#include "model_object.h"
#include "devices/placement.h"
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

Napi::Value list_devices(const Napi::CallbackInfo & info) {
    const Napi::Env             env   = info.Env();
    const std::vector<Device>   found = devices();
    Napi::Array                 list  = Napi::Array::New(env, found.size());
    for (size_t i = 0; i < found.size(); ++i) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("name", found[i].name);
        object.Set("description", found[i].description);
        object.Set("backend", found[i].backend);
        object.Set("kind", found[i].kind);
        object.Set("memoryTotal", static_cast<double>(found[i].memory_total));
        object.Set("memoryFree", static_cast<double>(found[i].memory_free));
        list.Set(static_cast<uint32_t>(i), object);
    }
    return list;
}

uint64_t bytes_of(const Napi::Object & object, const char * name) {
    return static_cast<uint64_t>(object.Get(name).ToNumber().DoubleValue());
}

Napi::Value plan_placement_of(const Napi::CallbackInfo & info) {
    const Napi::Env    env     = info.Env();
    const Napi::Object weights = info[0].As<Napi::Object>();
    const Napi::Array  layers  = weights.Get("layers").As<Napi::Array>();
    const Napi::Array  list    = info[1].As<Napi::Array>();
    const Napi::Object need    = info[2].As<Napi::Object>();

    WeightSizes sizes;
    for (uint32_t i = 0; i < layers.Length(); ++i) {
        sizes.layers.push_back(static_cast<uint64_t>(layers.Get(i).ToNumber().DoubleValue()));
    }
    sizes.output = bytes_of(weights, "output");
    std::vector<GpuRoom> gpus;
    for (uint32_t i = 0; i < list.Length(); ++i) {
        const Napi::Object gpu = list.Get(i).As<Napi::Object>();
        gpus.push_back({gpu.Get("name").ToString().Utf8Value(), bytes_of(gpu, "free")});
    }
    const Placement placement =
        plan_placement(sizes, gpus, {bytes_of(need, "activations"), bytes_of(need, "graphs")}, bytes_of(need, "margin"));

    Napi::Array shares = Napi::Array::New(env, placement.shares.size());
    for (size_t i = 0; i < placement.shares.size(); ++i) {
        Napi::Object share = Napi::Object::New(env);
        share.Set("device", gpus[placement.shares[i].gpu].name);
        share.Set("layers", placement.shares[i].layers);
        shares.Set(static_cast<uint32_t>(i), share);
    }
    return shares;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
#if LONGEMBED_BACKEND_DL
    set_backend_folder(folder_of_this_library());
#endif
    auto * data            = new AddonData();
    data->model_class      = Napi::Persistent(ModelObject::define(env));
    data->vocabulary_class = Napi::Persistent(VocabularyObject::define(env));
    env.SetInstanceData(data);

    exports.Set("buildInfo", Napi::Function::New<build_info>(env, "buildInfo"));
    exports.Set("devices", Napi::Function::New<list_devices>(env, "devices"));
    exports.Set("dotProducts", Napi::Function::New<DotProductsJob::start>(env, "dotProducts"));
    exports.Set("loadModel", Napi::Function::New<ModelObject::load>(env, "loadModel"));
    exports.Set("loadVocabulary", Napi::Function::New<VocabularyObject::load>(env, "loadVocabulary"));
    exports.Set("planPlacement", Napi::Function::New<plan_placement_of>(env, "planPlacement"));
    return exports;
}

} // namespace

NODE_API_MODULE(longembed, initialize)

} // namespace longembed::addon
