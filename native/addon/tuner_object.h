#pragma once

#include <atomic>
#include <memory>

#include <napi.h>

#include "tune/position_tuner.h"

namespace longembed::addon {

/// lib/native/types.ts' NativeTuner. Its jobs run on Node's thread pool and on threads of their own.
class TunerObject : public Napi::ObjectWrap<TunerObject> {
public:
    /// Shared with running jobs.
    struct Shared {
        std::unique_ptr<PositionTuner> tuner;
        std::atomic<float>             progress{0.0f}; ///< of the job in progress
    };

    /// Defines the class; its constructor is kept in AddonData.
    static Napi::Function define(Napi::Env env);

    /// startTuner(model, options): a job that resolves to a TunerObject.
    static Napi::Value start(const Napi::CallbackInfo & info);

    explicit TunerObject(const Napi::CallbackInfo & info);

private:
    Napi::Value progress(const Napi::CallbackInfo & info);
    Napi::Value bytes(const Napi::CallbackInfo & info);
    Napi::Value embed(const Napi::CallbackInfo & info);
    Napi::Value evaluate(const Napi::CallbackInfo & info);
    Napi::Value gradient(const Napi::CallbackInfo & info);
    Napi::Value step(const Napi::CallbackInfo & info);
    Napi::Value state(const Napi::CallbackInfo & info);
    Napi::Value restore(const Napi::CallbackInfo & info);
    Napi::Value dispose(const Napi::CallbackInfo & info);

    std::shared_ptr<Shared> shared(Napi::Env env) const;

    std::shared_ptr<Shared> shared_; ///< null once disposed
};

} // namespace longembed::addon
