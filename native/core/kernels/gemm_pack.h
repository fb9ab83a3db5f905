// Weights in the order in which the micro-kernel takes them, compiled once for each instruction set; see simd.h.

#pragma once

#include "gemm.h"
#include "gemm_unpack.h"
#include "gemm_unpack_row.h"
#include "simd.h"

namespace longembed {

namespace {

/// Whether the weights can be multiplied as they lie in memory.
inline bool are_packed_words(const GemmTile & t, int64_t depth) {
    return pack_factor == 1 ? t.format == WeightFormat::f32
                            : t.format == WeightFormat::bf16 && depth % pack_factor == 0;
}

/// Words of inputs k … k + depth − 1 of an output's weights, in place or written to `to`; zeros past the last output.
const float * weight_words(const GemmTile & t, int64_t out, int64_t k, int64_t depth, float * to) {
    if (out >= t.n) {
        __builtin_memset(to, 0, words_for(depth) * sizeof(float));
        return to;
    }
    const char * weights = t.weights + out * t.weight_stride + k / t.block * t.block_bytes;
    if (are_packed_words(t, depth)) {
        return reinterpret_cast<const float *>(weights);
    }
    if (t.format == WeightFormat::f32) {
        pack_words(reinterpret_cast<const float *>(weights), depth, to);
        return to;
    }
    if (pack_factor == 1 || !unpack_row(t, weights, depth, to)) {
        t.dequantize(weights, to, depth);
    }
    pack_words(to, depth, to);
    return to;
}

/// Prefetches an output's weights while others are packed: they come from main memory, once for each block of tokens.
__attribute__((always_inline)) inline void prefetch_weights(const GemmTile & t, int64_t out, int64_t k, int64_t depth) {
    if (out < t.n) {
        prefetch(t.weights + out * t.weight_stride + k / t.block * t.block_bytes, depth / t.block * t.block_bytes);
    }
}

// Rows a power of two apart would compete for the same sets of the first-level cache.
constexpr int64_t row_stride = gemm_kc + 16;

/// Packs words of nr outputs' weights as the micro-kernel takes them: [words_for(depth)][nr].
void pack_weights(const GemmTile & t, int64_t o, int64_t k, int64_t depth, float * packed, float * dequantized) {
    const int64_t words  = words_for(depth);
    const Unpack  unpack = unpack_for(t.format);
    for (int64_t group = 0; group < nr; group += width) {
        if (unpack != nullptr) {
            unpack_weights(unpack, t, o + group, k, depth, packed + group);
            continue;
        }
        for (int64_t i = 0; i < width; ++i) {
            prefetch_weights(t, o + group + i + 2 * width, k, depth);
        }
        const float * from[width];
        for (int64_t i = 0; i < width; ++i) {
            from[i] = weight_words(t, o + group + i, k, depth, dequantized + i * row_stride);
        }
        int64_t word = 0;
        for (; word + width <= words; word += width) {
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(from[i] + word);
            }
            transpose(square);
            for (int i = 0; i < width; ++i) {
                store(packed + (word + i) * nr + group, square[i]);
            }
        }
        for (; word < words; ++word) {
            for (int64_t i = 0; i < width; ++i) {
                packed[word * nr + group + i] = from[i][word];
            }
        }
    }
}

void pack_panel(const GemmTile & weights, int64_t out, float * panel, float * scratch) {
    for (int64_t k = 0; k < weights.k; k += gemm_kc) {
        pack_weights(weights, out, k, smaller(gemm_kc, weights.k - k), panel + k * nr, scratch);
    }
}

} // namespace

} // namespace longembed
