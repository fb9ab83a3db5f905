#pragma once

#include <cstdint>

namespace longembed {

/// GELU by erf of `count` floats, in place.
using GeluKernel = void (*)(float * values, int64_t count);

} // namespace longembed
