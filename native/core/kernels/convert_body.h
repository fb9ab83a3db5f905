// F16, BF16 and whole numbers to floats, compiled once for each instruction set; see simd.h.

#pragma once

#if defined(__F16C__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "simd.h"

namespace longembed {

namespace {

typedef uint16_t Shorts __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS * sizeof(uint16_t))));

inline Vector to_floats(Bits numbers) {
    return __builtin_convertvector(numbers, Vector);
}

inline Words load_shorts(const uint16_t * from) {
    Shorts shorts;
    __builtin_memcpy(&shorts, from, sizeof(shorts));
    return __builtin_convertvector(shorts, Words);
}

inline Vector load_f16(const uint16_t * from) {
#if defined(__AVX512F__) && LONGEMBED_VECTOR_FLOATS == 16
    return same_bits<Vector>(
        _mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from))));
#elif defined(__F16C__) && LONGEMBED_VECTOR_FLOATS == 8
    return same_bits<Vector>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(from))));
#elif defined(__aarch64__)
    return same_bits<Vector>(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from))));
#else
    // exponent and mantissa move to their places in a float; the factor corrects the difference of the exponents'
    // biases
    const Words  half      = load_shorts(from);
    const Words  magnitude = half & 0x7fff;
    const Vector scaled    = same_bits<Vector>(magnitude << 13) * 0x1p112f;
    Words        bits      = same_bits<Words>(scaled);
    bits                   = magnitude >= 0x7c00 ? bits | 0x7f800000 : bits; // infinity or NaN
    return same_bits<Vector>(bits | (half & 0x8000) << 16);
#endif
}

/// A BF16 is the upper half of a float.
inline Vector load_bf16(const uint16_t * from) {
    return same_bits<Vector>(load_shorts(from) << 16);
}

template <Vector (*load_vector)(const uint16_t *)> void widen(const void * weights, float * to, int64_t count) {
    const auto * from = static_cast<const uint16_t *>(weights);
    int64_t      i    = 0;
    for (; i + width <= count; i += width) {
        store(to + i, load_vector(from + i));
    }
    if (i < count) {
        uint16_t rest[width] = {};
        __builtin_memcpy(rest, from + i, (count - i) * sizeof(uint16_t));
        const Vector v = load_vector(rest);
        __builtin_memcpy(to + i, &v, (count - i) * sizeof(float));
    }
}

void f16_to_f32(const void * from, float * to, int64_t count) {
    widen<load_f16>(from, to, count);
}

void bf16_to_f32(const void * from, float * to, int64_t count) {
    widen<load_bf16>(from, to, count);
}

} // namespace

} // namespace longembed
