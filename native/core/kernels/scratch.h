#pragma once

#include <cstdint>

namespace longembed {

/// Scratch memory of the calling thread, kept for its next call, which gets the same: 64-byte aligned, with whatever is in it.
float * scratch_floats(int64_t count);

} // namespace longembed
