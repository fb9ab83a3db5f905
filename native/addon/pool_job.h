#pragma once

#include <atomic>
#include <memory>

#include <napi.h>

#include "job.h"

namespace longembed::addon {

/// Runs a job on Node's thread pool, beside the models' own threads. Node waits for such work when an environment ends.
class PoolJob : public Napi::AsyncWorker {
public:
    /// @return { promise, cancel }; cancel rejects once the work has ended: at its next check of `control`, or when it is done
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
