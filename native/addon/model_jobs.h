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

/// A job over a batch, which stays alive with its model until the job settles.
class BatchJob : public WorkerJob {
public:
    /// @param model  the JavaScript object
    BatchJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, const Napi::Object & model,
             const Napi::Object & batch);

protected:
    void release() override;

    Batch batch_;

private:
    Napi::ObjectReference model_object_;
    Napi::ObjectReference batch_object_;
};

/// Computes a batch; resolves to a Float32Array of a row per sequence.
class EmbedJob : public BatchJob {
public:
    using BatchJob::BatchJob;

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;
    void        release() override;

private:
    std::vector<float> vectors_;
};

/// Finds out what a batch would take; resolves to a NativeMemory.
class MemoryJob : public BatchJob {
public:
    MemoryJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Object & model, const Napi::Object & batch)
        : BatchJob(env, std::move(worker), env.Null(), model, batch) {}

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;

private:
    MemoryEstimate estimate_;
};

} // namespace longembed::addon
