#pragma once

#include "error.h"

namespace longembed {

/// A failed assertion of ggml or llama.cpp: ERR_OUT_OF_MEMORY if an allocation failed, else ERR_BACKEND.
class AssertionFailed : public Error {
public:
    using Error::Error;
};

/// ggml ends the process when one of its assertions fails. While a guard lives, one that fails on the guard's thread
/// throws AssertionFailed instead. On other threads, and where an exception is already on its way, the process still
/// ends: on ggml's own threads no one could catch. State that the assertion left behind must not be used again.
class AbortGuard {
public:
    AbortGuard() noexcept;
    ~AbortGuard();

    AbortGuard(const AbortGuard &)             = delete;
    AbortGuard & operator=(const AbortGuard &) = delete;
};

} // namespace longembed
