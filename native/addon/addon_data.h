#pragma once

#include <napi.h>

namespace longembed::addon {

/// The addon's data in one environment: the main thread, or a worker thread.
struct AddonData {
    Napi::FunctionReference model_class;
    Napi::FunctionReference vocabulary_class;
    Napi::FunctionReference tuner_class;
};

} // namespace longembed::addon
