#pragma once

#include <memory>

#include <napi.h>

#include "worker.h"

namespace longembed::addon {

/// lib/native/types.ts' NativeModel.
class ModelObject : public Napi::ObjectWrap<ModelObject> {
public:
    /// Defines the class; its constructor is kept in AddonData.
    static Napi::Function define(Napi::Env env);

    /// loadModel(path, options, onProgress): a job that resolves to a ModelObject.
    static Napi::Value load(const Napi::CallbackInfo & info);

    /// The model of a ModelObject. @throws Napi::Error for anything else, and ERR_DISPOSED
    static std::shared_ptr<const Model> model_of(Napi::Env env, const Napi::Value & value);

    explicit ModelObject(const Napi::CallbackInfo & info);
    ~ModelObject() override;

private:
    Napi::Value facts(const Napi::CallbackInfo & info);
    Napi::Value tokenize(const Napi::CallbackInfo & info);
    Napi::Value embed(const Napi::CallbackInfo & info);
    Napi::Value memory(const Napi::CallbackInfo & info);
    Napi::Value dispose(const Napi::CallbackInfo & info);

    std::shared_ptr<Worker> worker_;
    std::shared_ptr<Model>  model_; ///< null once disposed
    Napi::ObjectReference   facts_;
};

} // namespace longembed::addon
