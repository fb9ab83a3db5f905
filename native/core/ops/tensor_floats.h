#pragma once

#include <cstdint>

#include "ggml.h"

namespace longembed {

/// The numbers of a tensor of floats in memory that the CPU reads; null of null.
inline const float * floats(const ggml_tensor * tensor) {
    return tensor == nullptr ? nullptr : static_cast<const float *>(tensor->data);
}

/// Floats from one row to the next; 0 of null.
inline int64_t row_floats(const ggml_tensor * tensor) {
    return tensor == nullptr ? 0 : static_cast<int64_t>(tensor->nb[1] / sizeof(float));
}

} // namespace longembed
