#include "model_jobs.h"

#include "addon_data.h"
#include "convert.h"

namespace longembed::addon {

WorkerJob::WorkerJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress)
    : Job(env), worker_(std::move(worker)) {
    if (on_progress.IsFunction()) {
        on_progress_ = Napi::Persistent(on_progress.As<Napi::Function>());
        on_progress_.SuppressDestruct();
        control.progress = [this](float fraction) { report(fraction); };
    }
}

Napi::Object WorkerJob::start(Napi::Env env) {
    const std::shared_ptr<WorkerJob> self = shared_from_this();
    worker_->enqueue(env, self);
    return job_object(env, promise(), [self](Napi::Env e) {
        if (!self->is_settled()) {
            self->worker_->cancel(e, self);
        }
    });
}

void WorkerJob::report(float fraction) {
    // some twenty a second are plenty for a progress bar
    const auto now = std::chrono::steady_clock::now();
    if (now - last_report_ < std::chrono::milliseconds(50) && fraction < 1.0f) {
        return;
    }
    last_report_ = now;
    worker_->post([self = shared_from_this(), fraction](Napi::Env env) {
        if (!self->is_settled() && !self->on_progress_.IsEmpty()) {
            self->on_progress_.Call({Napi::Number::New(env, fraction)});
        }
    });
}

void WorkerJob::release() {
    on_progress_.Reset();
}

LoadJob::LoadJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, std::string path, LoadOptions options)
    : WorkerJob(env, std::move(worker), on_progress), env_(env), path_(std::move(path)), options_(std::move(options)) {}

void LoadJob::work() {
    worker_->model = Model::load(path_, options_, control);
}

Napi::Value LoadJob::result(Napi::Env env) {
    return env.GetInstanceData<AddonData>()->model_class.New({Napi::External<std::shared_ptr<Worker>>::New(env, &worker_)});
}

void LoadJob::release() {
    WorkerJob::release();
    if (!worker_->model) {
        worker_->abandon(env_); // nothing was loaded: nobody else will end the thread
    }
}

BatchJob::BatchJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, const Napi::Object & model,
                   const Napi::Object & batch)
    : WorkerJob(env, std::move(worker), on_progress), batch_(batch_of(batch)), model_object_(keep(model)), batch_object_(keep(batch)) {}

void BatchJob::release() {
    WorkerJob::release();
    model_object_.Reset();
    batch_object_.Reset();
}

void EmbedJob::work() {
    vectors_.resize(static_cast<size_t>(batch_.n_sequences) * worker_->model->facts().dimensions);
    worker_->model->embed(batch_, vectors_.data(), control);
}

Napi::Value EmbedJob::result(Napi::Env env) {
    return float32_array(env, vectors_);
}

void EmbedJob::release() {
    BatchJob::release();
    vectors_ = {};
}

void MemoryJob::work() {
    estimate_ = worker_->model->memory(batch_);
}

Napi::Value MemoryJob::result(Napi::Env env) {
    return memory_object(env, estimate_);
}

} // namespace longembed::addon
