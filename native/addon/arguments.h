#pragma once

#include <cstdint>
#include <string>

#include <napi.h>

#include "error.h"

namespace longembed::addon {

/// The arguments of a function of the addon, checked as they are read.
class Arguments {
public:
    /// @param function  in messages
    Arguments(const Napi::CallbackInfo & info, const char * function) : info_(info), function_(function) {}

    /// @throws Napi::TypeError unless the argument is an array of that type
    Napi::Float32Array floats(size_t index, const char * name) const { return floats(info_[index], name); }
    Napi::Float32Array floats(const Napi::Value & value, const char * name) const;
    Napi::Int8Array    bytes(const Napi::Value & value, const char * name) const;
    Napi::Uint32Array  counts(size_t index, const char * name) const;
    Napi::Array        list(size_t index, const char * name) const;

    /// @throws Napi::TypeError unless it is a number, ERR_INVALID_OPTION unless it is a whole one from `min` to `max`
    int64_t whole(size_t index, const char * name, int64_t min, int64_t max) const;

    /// Rows of an array. @throws Error ERR_INVALID_OPTION unless they are whole ones
    int64_t rows(const Napi::TypedArray & array, int64_t dimensions, const char * name) const;

    /// An error of the function. @param what  a clause
    Error       out_of_range(const std::string & what) const;
    Napi::Error wrong_type(const char * name, const char * type) const;

private:
    const Napi::CallbackInfo & info_;
    const char *               function_;
};

} // namespace longembed::addon
