#pragma once

#include <memory>
#include <optional>
#include <string>

#include <napi.h>

#include "control.h"
#include "error.h"

namespace longembed::addon {

/// One call from JavaScript: work for another thread, and the promise that it settles.
class Job {
public:
    explicit Job(Napi::Env env) : deferred_(Napi::Promise::Deferred::New(env)) {}
    virtual ~Job() = default;

    Job(const Job &)             = delete;
    Job & operator=(const Job &) = delete;

    /// Runs the work on the calling thread; an exception is kept for settle().
    void run();

    /// On the JavaScript thread: resolves or rejects the promise, once.
    void settle(Napi::Env env);
    void reject(Napi::Env env, const Error & error);

    bool          is_settled() const { return settled_; }
    Napi::Promise promise() const { return deferred_.Promise(); }

    Control control;

protected:
    virtual void        work()                = 0; ///< on the thread that called run()
    virtual Napi::Value result(Napi::Env env) = 0; ///< on the JavaScript thread

    /// On the JavaScript thread: releases the JavaScript objects and memory that the job holds. The job itself lives
    /// until its cancel function is garbage collected.
    virtual void release() {}

private:
    Napi::Promise::Deferred deferred_;
    std::optional<Error>    error_;
    bool                    settled_ = false;
};

/// A reference that keeps an object alive until release() resets it, on the JavaScript thread. It is not deleted by its
/// destructor: if the environment ends first, the reference is gone and deleting it would crash.
Napi::ObjectReference keep(const Napi::Object & object);

/// A JavaScript Error with `code`.
Napi::Error to_js(Napi::Env env, const Error & error);

/// The current exception as an Error. To be called in a catch block.
Error current_error();

/// { promise, cancel } as lib/native/types.ts has it.
template <typename Cancel> Napi::Object job_object(Napi::Env env, const Napi::Promise & promise, Cancel cancel) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("promise", promise);
    object.Set("cancel", Napi::Function::New(
                             env, [cancel](const Napi::CallbackInfo & info) { cancel(info.Env()); }, "cancel"));
    return object;
}

/// Runs a job on Node's thread pool, in parallel with the models' threads. Node waits for such work when an environment
/// ends.
class PoolJob : public Napi::AsyncWorker {
public:
    /// @return { promise, cancel }; after cancel the promise rejects when the work ends, at its next check of `control`
    /// or at its end
    static Napi::Object start(Napi::Env env, std::shared_ptr<Job> job) {
        (new PoolJob(env, job))->Queue(); // AsyncWorker deletes itself
        return job_object(env, job->promise(), [job](Napi::Env) { job->control.cancelled = true; });
    }

protected:
    void Execute() override { job_->run(); }

    void OnOK() override {
        if (job_->control.cancelled) {
            job_->reject(Env(), Error(ErrorCode::aborted, "The call was aborted."));
        } else {
            job_->settle(Env());
        }
    }

private:
    PoolJob(Napi::Env env, std::shared_ptr<Job> job) : Napi::AsyncWorker(env), job_(std::move(job)) {}

    std::shared_ptr<Job> job_;
};

} // namespace longembed::addon
