#include "vocabulary_object.h"

#include "addon_data.h"

namespace longembed::addon {

namespace {

class LoadVocabularyJob : public Job {
public:
    LoadVocabularyJob(Napi::Env env, std::string path) : Job(env), path_(std::move(path)) {}

protected:
    void work() override { file_ = std::make_shared<VocabularyFile>(path_); }

    Napi::Value result(Napi::Env env) override {
        return env.GetInstanceData<AddonData>()->vocabulary_class.New(
            {Napi::External<std::shared_ptr<VocabularyFile>>::New(env, &file_)});
    }

private:
    std::string                     path_;
    std::shared_ptr<VocabularyFile> file_;
};

} // namespace

Napi::Function VocabularyObject::define(Napi::Env env) {
    return DefineClass(env, "NativeVocabulary",
                       {
                           InstanceAccessor<&VocabularyObject::facts>("facts"),
                           InstanceMethod<&VocabularyObject::tokenize>("tokenize"),
                       });
}

Napi::Value VocabularyObject::load(const Napi::CallbackInfo & info) {
    return PoolJob::start(info.Env(), std::make_shared<LoadVocabularyJob>(info.Env(), info[0].ToString().Utf8Value()));
}

VocabularyObject::VocabularyObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<VocabularyObject>(info) {
    if (!info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "a vocabulary comes from loadVocabulary()");
    }
    file_ = *info[0].As<Napi::External<std::shared_ptr<VocabularyFile>>>().Data();
}

Napi::Value VocabularyObject::facts(const Napi::CallbackInfo & info) {
    return vocabulary_facts_object(info.Env(), file_->vocabulary());
}

Napi::Value VocabularyObject::tokenize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    return PoolJob::start(env,
                          std::make_shared<TokenizeJob<VocabularyFile>>(env, file_, info[0].ToString().Utf8Value()));
}

} // namespace longembed::addon
