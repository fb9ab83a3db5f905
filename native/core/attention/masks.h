#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "ggml-backend.h"

namespace longembed {

/// Keys come in multiples of this under a mask, which hides those too many: CUDA's flash attention then computes the
/// heads that share keys together, and reads the mask faster.
constexpr int64_t key_padding = 256;

/// `keys` rounded up to what a mask covers.
constexpr int64_t padded_keys(int64_t keys) {
    return (keys + key_padding - 1) / key_padding * key_padding;
}

/// Fills an F16 mask of flash attention: 0 where a key is seen, else −inf. Does nothing without a mask.
/// @param is_seen  of (row, column)
template <typename IsSeen> void fill_mask(ggml_tensor * mask, IsSeen is_seen) {
    if (mask == nullptr) {
        return;
    }
    const ggml_fp16_t        open   = ggml_fp32_to_fp16(0.0f);
    const ggml_fp16_t        hidden = ggml_fp32_to_fp16(-INFINITY);
    std::vector<ggml_fp16_t> row(mask->ne[0]);
    for (int64_t r = 0; r < mask->ne[1]; ++r) {
        for (int64_t column = 0; column < mask->ne[0]; ++column) {
            row[column] = is_seen(r, column) ? open : hidden;
        }
        ggml_backend_tensor_set(mask, row.data(), r * mask->nb[1], row.size() * sizeof(ggml_fp16_t));
    }
}

} // namespace longembed
