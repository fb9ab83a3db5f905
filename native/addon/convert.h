#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <napi.h>

#include "batch.h"
#include "facts.h"
#include "model.h"
#include "vocabulary.h"

namespace longembed::addon {

/// Reads NativeLoadOptions of lib/native/types.ts.
LoadOptions load_options(const Napi::Object & object);

/// Reads a NativeBatch; the result borrows the object's arrays.
/// @throws Napi::TypeError if a field has the wrong type or an array the wrong length
Batch batch_of(const Napi::Object & object);

Napi::Object facts_object(Napi::Env env, const Facts & facts, const Vocabulary & vocabulary);
Napi::Object vocabulary_facts_object(Napi::Env env, const Vocabulary & vocabulary);

/// "mean", "cls" or "last"
Pooling pooling_of(const std::string & name);

/// A NativeMemory.
Napi::Object memory_object(Napi::Env env, const MemoryEstimate & estimate);

Napi::Int32Array   int32_array(Napi::Env env, const std::vector<int32_t> & values);
Napi::Float32Array float32_array(Napi::Env env, const std::vector<float> & values);

} // namespace longembed::addon
