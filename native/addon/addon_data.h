#pragma once

#include <napi.h>

namespace longembed::addon {

/// What one environment (the main thread, a worker thread) keeps of the addon.
struct AddonData {
    Napi::FunctionReference model_class;
    Napi::FunctionReference vocabulary_class;
};

} // namespace longembed::addon
