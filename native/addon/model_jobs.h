#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <napi.h>

#include "job.h"
#include "worker.h"

namespace longembed::addon {

/// A job on a model's thread whose progress JavaScript may want to hear.
class WorkerJob : public Job, public std::enable_shared_from_this<WorkerJob> {
public:
    /// @param on_progress  a function of one number, or null
    WorkerJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress);

    /// Hands itself to the worker; @return { promise, cancel }
    Napi::Object start(Napi::Env env);

protected:
    void release() override;

    std::shared_ptr<Worker> worker_;

private:
    void report(float fraction);

    Napi::FunctionReference               on_progress_;
    std::chrono::steady_clock::time_point last_report_;
};

/// Loads a model into its worker; resolves to a ModelObject.
class LoadJob : public WorkerJob {
public:
    LoadJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, std::string path, LoadOptions options);

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;
    void        release() override;

private:
    Napi::Env   env_;
    std::string path_;
    LoadOptions options_;
};

/// Computes a batch; resolves to a Float32Array of a row per sequence.
class EmbedJob : public WorkerJob {
public:
    /// @param model  the JavaScript object, kept alive with `batch` until the job settles
    EmbedJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, const Napi::Object & model,
             const Napi::Object & batch);

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;
    void        release() override;

private:
    Batch                 batch_;
    Napi::ObjectReference model_object_;
    Napi::ObjectReference batch_object_;
    std::vector<float>    vectors_;
};

} // namespace longembed::addon
