#include "arguments.h"

#include <cmath>

namespace longembed::addon {

namespace {

bool is_typed(const Napi::Value & value, napi_typedarray_type type) {
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

} // namespace

Napi::Float32Array Arguments::floats(const Napi::Value & value, const char * name) const {
    if (!is_typed(value, napi_float32_array)) {
        throw wrong_type(name, "a Float32Array");
    }
    return value.As<Napi::Float32Array>();
}

Napi::Int8Array Arguments::bytes(const Napi::Value & value, const char * name) const {
    if (!is_typed(value, napi_int8_array)) {
        throw wrong_type(name, "an Int8Array");
    }
    return value.As<Napi::Int8Array>();
}

Napi::Uint32Array Arguments::counts(size_t index, const char * name) const {
    if (!is_typed(info_[index], napi_uint32_array)) {
        throw wrong_type(name, "a Uint32Array");
    }
    return info_[index].As<Napi::Uint32Array>();
}

Napi::Array Arguments::list(size_t index, const char * name) const {
    if (!info_[index].IsArray()) {
        throw wrong_type(name, "an array");
    }
    return info_[index].As<Napi::Array>();
}

int64_t Arguments::whole(size_t index, const char * name, int64_t min, int64_t max) const {
    if (!info_[index].IsNumber()) {
        throw wrong_type(name, "a number");
    }
    const double number = info_[index].As<Napi::Number>().DoubleValue();
    if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || number != std::floor(number)) {
        throw out_of_range(std::string(name) + " is not a whole number from " + std::to_string(min) + " to " +
                           std::to_string(max));
    }
    return static_cast<int64_t>(number);
}

int64_t Arguments::rows(const Napi::TypedArray & array, int64_t dimensions, const char * name) const {
    const auto length = static_cast<int64_t>(array.ElementLength());
    if (length % dimensions != 0) {
        throw out_of_range(std::string(name) + " has " + std::to_string(length) +
                           " entries, which is not a multiple of " + std::to_string(dimensions) + " dimensions");
    }
    return length / dimensions;
}

Error Arguments::out_of_range(const std::string & what) const {
    return Error(ErrorCode::invalid_option, std::string(function_) + ": " + what + ".");
}

Napi::Error Arguments::wrong_type(const char * name, const char * type) const {
    return Napi::TypeError::New(info_.Env(), std::string(function_) + ": " + name + " is not " + type);
}

} // namespace longembed::addon
