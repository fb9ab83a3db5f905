#pragma once

#include <cstdint>

#include "ggml.h"

namespace longembed {

// Parameters of GGML_OP_FLASH_ATTN_EXT, which ggml leaves at 0, for our kernel for Hopper (native/cuda). Other backends
// ignore them.

/// n + 1: there is no mask, and query i sees keys 0 … n + i. Whether the kernel computes that for a shape, supports_op
/// of its backend says; no other backend may be asked (AttentionDevice::hides_later_keys).
constexpr int causal_op_param = 8;

/// n + 1: keys 0 … n − 1 have zeros in the second half of their numbers, and the others in the first, so that a kernel
/// may leave the zeros out.
constexpr int halves_op_param = 9;

/// Has query i of an operation without a mask see keys 0 … first_index + i.
inline void hide_later_keys(ggml_tensor * attention, int64_t first_index) {
    attention->op_params[causal_op_param] = static_cast<int32_t>(first_index + 1);
}

/// @param near  keys that have zeros in their second half, before all others
inline void halves_meet_at(ggml_tensor * attention, int64_t near) {
    attention->op_params[halves_op_param] = static_cast<int32_t>(near + 1);
}

} // namespace longembed
