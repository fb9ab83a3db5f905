#pragma once

#include <memory>

#include <napi.h>

#include "vocabulary.h"

namespace longembed::addon {

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
