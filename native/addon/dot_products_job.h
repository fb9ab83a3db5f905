#pragma once

#include <napi.h>

namespace longembed::addon {

/// dotProducts(left, right, dimensions, threads): a job that resolves to a Float32Array with a row per left row. It
/// runs on Node's thread pool and on threads of its own.
/// @throws Napi::Error for arguments of the wrong type, ERR_INVALID_OPTION for values out of range
Napi::Value start_dot_products(const Napi::CallbackInfo & info);

} // namespace longembed::addon
