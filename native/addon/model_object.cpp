#include "model_object.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "addon_data.h"
#include "convert.h"
#include "vocabulary_object.h"

namespace longembed::addon {

namespace {

constexpr int min_report_interval_ms = 50;

/// A job on a model's thread that reports its progress to JavaScript.
class WorkerJob : public Job, public std::enable_shared_from_this<WorkerJob> {
public:
    /// @param on_progress  a function of one number, or null
    WorkerJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress);

    /// Adds itself to a queue of the worker's. @return { promise, cancel }
    Napi::Object start(Napi::Env env, Lane lane = Lane::main);

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
    LoadJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, std::string path,
            LoadOptions options);

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;
    void        release() override;

private:
    Napi::Env   env_;
    std::string path_;
    LoadOptions options_;
};

/// A job on a batch, which stays alive with its model until the job settles.
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

/// Computes a batch; resolves to a Float32Array with a row per sequence.
class EmbedJob : public BatchJob {
public:
    EmbedJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, const Napi::Object & model,
             const Napi::Object & batch, Lane lane)
        : BatchJob(env, std::move(worker), on_progress, model, batch), lane_(lane) {}

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;
    void        release() override;

private:
    Lane               lane_;
    std::vector<float> vectors_;
};

/// Estimates the memory that a batch would take; resolves to a NativeMemory.
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

WorkerJob::WorkerJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress)
    : Job(env), worker_(std::move(worker)) {
    if (on_progress.IsFunction()) {
        on_progress_ = Napi::Persistent(on_progress.As<Napi::Function>());
        on_progress_.SuppressDestruct();
        control.progress = [this](float fraction) { report(fraction); };
    }
}

Napi::Object WorkerJob::start(Napi::Env env, Lane lane) {
    const std::shared_ptr<WorkerJob> self = shared_from_this();
    worker_->enqueue(env, self, lane);
    return job_object(env, promise(), [self](Napi::Env e) {
        if (!self->is_settled()) {
            self->worker_->cancel(e, self);
        }
    });
}

void WorkerJob::report(float fraction) {
    // twenty reports a second are enough for a progress bar
    const auto now = std::chrono::steady_clock::now();
    if (now - last_report_ < std::chrono::milliseconds(min_report_interval_ms) && fraction < 1.0f) {
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

LoadJob::LoadJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress, std::string path,
                 LoadOptions options)
    : WorkerJob(env, std::move(worker), on_progress), env_(env), path_(std::move(path)), options_(std::move(options)) {}

void LoadJob::work() {
    worker_->model = Model::load(path_, options_, control);
}

Napi::Value LoadJob::result(Napi::Env env) {
    return env.GetInstanceData<AddonData>()->model_class.New(
        {Napi::External<std::shared_ptr<Worker>>::New(env, &worker_)});
}

void LoadJob::release() {
    WorkerJob::release();
    if (!worker_->model) {
        worker_->abandon(env_); // nothing was loaded, so no model object will end the thread
    }
}

BatchJob::BatchJob(Napi::Env env, std::shared_ptr<Worker> worker, const Napi::Value & on_progress,
                   const Napi::Object & model, const Napi::Object & batch)
    : WorkerJob(env, std::move(worker), on_progress), batch_(batch_of(batch)), model_object_(keep(model)),
      batch_object_(keep(batch)) {}

void BatchJob::release() {
    WorkerJob::release();
    model_object_.Reset();
    batch_object_.Reset();
}

void EmbedJob::work() {
    vectors_.resize(static_cast<size_t>(batch_.rows()) * worker_->model->facts().dimensions);
    worker_->model->embed(batch_, vectors_.data(), control, lane_);
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

} // namespace

Napi::Function ModelObject::define(Napi::Env env) {
    return DefineClass(env, "NativeModel",
                       {
                           InstanceAccessor<&ModelObject::facts>("facts"),
                           InstanceMethod<&ModelObject::tokenize>("tokenize"),
                           InstanceMethod<&ModelObject::embed>("embed"),
                           InstanceMethod<&ModelObject::memory>("memory"),
                           InstanceMethod<&ModelObject::dispose>("dispose"),
                       });
}

Napi::Value ModelObject::load(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    try {
        const auto job = std::make_shared<LoadJob>(env, Worker::start(env), info[2], info[0].ToString().Utf8Value(),
                                                   load_options(info[1].ToObject()));
        return job->start(env);
    } catch (const Error & error) {
        throw to_js(env, error);
    }
}

std::shared_ptr<const Model> ModelObject::model_of(Napi::Env env, const Napi::Value & value) {
    const Napi::Function constructor = env.GetInstanceData<AddonData>()->model_class.Value();
    if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor)) {
        throw Napi::TypeError::New(env, "this is not a model that was loaded in this process");
    }
    const std::shared_ptr<Model> model = ObjectWrap::Unwrap(value.As<Napi::Object>())->model_;
    if (!model) {
        throw to_js(env, Error(ErrorCode::disposed, "The model is disposed: load it again."));
    }
    return model;
}

ModelObject::ModelObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<ModelObject>(info) {
    if (!info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "a model comes from loadModel()");
    }
    worker_ = *info[0].As<Napi::External<std::shared_ptr<Worker>>>().Data();
    model_  = worker_->model;
    facts_  = Napi::Persistent(facts_object(info.Env(), model_->facts(), model_->vocabulary()));
}

ModelObject::~ModelObject() {
    model_.reset();
    if (worker_) {
        worker_->abandon(Env());
    }
}

Napi::Value ModelObject::facts(const Napi::CallbackInfo & /*info*/) {
    return facts_.Value();
}

Napi::Value ModelObject::tokenize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (!model_) {
        throw to_js(env, Error(ErrorCode::disposed, "The model is disposed: load it again."));
    }
    return PoolJob::start(env, std::make_shared<TokenizeJob<Model>>(env, model_, info[0].ToString().Utf8Value()));
}

Napi::Value ModelObject::embed(const Napi::CallbackInfo & info) {
    const Napi::Env env  = info.Env();
    const Lane      lane = info[2].ToBoolean() ? Lane::express : Lane::main;
    const auto      job =
        std::make_shared<EmbedJob>(env, worker_, info[1], info.This().As<Napi::Object>(), info[0].ToObject(), lane);
    return job->start(env, lane);
}

Napi::Value ModelObject::memory(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const auto      job = std::make_shared<MemoryJob>(env, worker_, info.This().As<Napi::Object>(), info[0].ToObject());
    return job->start(env);
}

Napi::Value ModelObject::dispose(const Napi::CallbackInfo & info) {
    model_.reset();
    return worker_->dispose(info.Env());
}

} // namespace longembed::addon
