#include "architectures.h"

#include "architectures/table.h"

namespace longembed::addon {

Napi::Value is_rotary(const Napi::CallbackInfo & info) {
    return Napi::Boolean::New(info.Env(), longembed::is_rotary(info[0].ToString().Utf8Value()));
}

} // namespace longembed::addon
