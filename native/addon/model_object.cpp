#include "model_object.h"

#include "convert.h"
#include "model_jobs.h"
#include "pool_job.h"
#include "tokenize_job.h"

namespace longembed::addon {

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
    const auto      job = std::make_shared<LoadJob>(env, Worker::start(env), info[2], info[0].ToString().Utf8Value(),
                                               load_options(info[1].ToObject()));
    return job->start(env);
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
    const Napi::Env env = info.Env();
    const auto      job = std::make_shared<EmbedJob>(env, worker_, info[1], info.This().As<Napi::Object>(), info[0].ToObject());
    return job->start(env);
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
