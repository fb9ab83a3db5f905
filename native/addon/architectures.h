#pragma once

#include <napi.h>

namespace longembed::addon {

/// isRotary(architecture)
Napi::Value is_rotary(const Napi::CallbackInfo & info);

} // namespace longembed::addon
