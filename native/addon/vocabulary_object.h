#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <napi.h>

#include "convert.h"
#include "job.h"
#include "vocabulary.h"

namespace longembed::addon {

/// Tokenizes a text into content tokens. `Owner` keeps the vocabulary alive while the job runs.
template <typename Owner> class TokenizeJob : public Job {
public:
    TokenizeJob(Napi::Env env, std::shared_ptr<Owner> owner, std::string text)
        : Job(env), owner_(std::move(owner)), text_(std::move(text)) {}

protected:
    void work() override { tokens_ = owner_->vocabulary().tokenize(text_); }

    Napi::Value result(Napi::Env env) override { return int32_array(env, tokens_); }

    /// The job lives until its cancel function is garbage collected; a disposed model must not live that long.
    void release() override {
        owner_.reset();
        tokens_ = {};
    }

private:
    std::shared_ptr<Owner> owner_;
    std::string            text_;
    std::vector<int32_t>   tokens_;
};

/// lib/native/types.ts' NativeVocabulary.
class VocabularyObject : public Napi::ObjectWrap<VocabularyObject> {
public:
    static Napi::Function define(Napi::Env env);

    /// loadVocabulary(path): a job that resolves to a VocabularyObject.
    static Napi::Value load(const Napi::CallbackInfo & info);

    explicit VocabularyObject(const Napi::CallbackInfo & info);

private:
    Napi::Value facts(const Napi::CallbackInfo & info);
    Napi::Value tokenize(const Napi::CallbackInfo & info);

    std::shared_ptr<VocabularyFile> file_;
};

} // namespace longembed::addon
