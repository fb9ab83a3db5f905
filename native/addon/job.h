#pragma once

#include <memory>
#include <optional>
#include <string>

#include <napi.h>

#include "control.h"
#include "error.h"

namespace longembed::addon {

/// One call from JavaScript: what runs on the model's thread, and the promise it settles.
class Job {
public:
    explicit Job(Napi::Env env) : deferred_(Napi::Promise::Deferred::New(env)) {}
    virtual ~Job() = default;

    Job(const Job &)             = delete;
    Job & operator=(const Job &) = delete;

    /// Runs the work on the calling thread; what it throws is kept for settle().
    void run();

    /// On the JavaScript thread: resolves or rejects the promise, once.
    void settle(Napi::Env env);
    void reject(Napi::Env env, const Error & error);

    bool          is_settled() const { return settled_; }
    Napi::Promise promise() const { return deferred_.Promise(); }

    Control control;

protected:
    virtual void        work()                = 0;  ///< on the model's thread
    virtual Napi::Value result(Napi::Env env) = 0;  ///< on the JavaScript thread

    /// On the JavaScript thread: drops what the job keeps, of JavaScript's objects and of memory. The job itself lives until its
    /// cancel function is garbage collected.
    virtual void release() {}

private:
    Napi::Promise::Deferred deferred_;
    std::optional<Error>    error_;
    bool                    settled_ = false;
};

/// A reference to what a job keeps alive, to be dropped in release(), on the JavaScript thread. When the environment ends first it
/// is gone with it, and deleting it then would be a crash.
Napi::ObjectReference keep(const Napi::Object & object);

/// A JavaScript Error with `code`.
Napi::Error to_js(Napi::Env env, const Error & error);

/// What is being thrown, as an Error. To be called in a catch block.
Error current_error();

/// { promise, cancel } as lib/native/types.ts has it.
template <typename Cancel> Napi::Object job_object(Napi::Env env, const Napi::Promise & promise, Cancel cancel) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("promise", promise);
    object.Set("cancel", Napi::Function::New(env, [cancel](const Napi::CallbackInfo & info) { cancel(info.Env()); }, "cancel"));
    return object;
}

} // namespace longembed::addon
