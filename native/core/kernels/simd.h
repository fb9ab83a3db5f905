// Vectors of floats for the kernels, which are compiled once for each instruction set (variant.cpp).
// LONGEMBED_VECTOR_FLOATS is the number of floats in a vector.
//
// Everything here is local to its translation unit, and kernels use no templates of the standard library: the linker
// keeps one copy of those, which might be compiled for instructions that the processor lacks.

#pragma once

#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace longembed {

namespace {

constexpr int width = LONGEMBED_VECTOR_FLOATS;

// The register tile: mr × nr sums stay in registers, of which AVX-512 and NEON have 32, AVX2 and SSE 16.
constexpr int mr = 6;
#if LONGEMBED_VECTOR_FLOATS == 8 || (LONGEMBED_VECTOR_FLOATS == 4 && !defined(__aarch64__))
constexpr int nr_vectors = 2;
#else
constexpr int     nr_vectors  = 4;
#endif
constexpr int64_t nr = width * nr_vectors;

typedef float    Vector __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS * sizeof(float))));
typedef int32_t  Bits __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS * sizeof(int32_t))));
typedef uint32_t Words __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS * sizeof(uint32_t))));

/// The same bits as numbers of another type.
template <typename To, typename From> inline To same_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "");
    To to;
    __builtin_memcpy(&to, &from, sizeof(to));
    return to;
}

inline Vector load(const float * from) {
    Vector v;
    __builtin_memcpy(&v, from, sizeof(v));
    return v;
}

inline void store(float * to, Vector v) {
    __builtin_memcpy(to, &v, sizeof(v));
}

/// The last floats of a row, which do not fill a vector, padded with zeros.
inline Vector load_partial(const float * from, int64_t count) {
    Vector v = {};
    __builtin_memcpy(&v, from, count * sizeof(float));
    return v;
}

/// Pointers to rows that are `stride` floats apart. How they are related is hidden from the compiler: Clang would
/// compute them from each other in every round of a loop, which takes a seventh of the loop's instructions.
template <int rows> struct RowPointers {
    const float * at[rows];

    RowPointers(const float * first, int64_t stride) {
        for (int r = 0; r < rows; ++r) {
            at[r] = first + r * stride;
            __asm__("" : "+r"(at[r]));
        }
    }
};

/// Brings memory into the second-level cache. Always inlined, as is what only calls it: GCC takes a function of nothing
/// but prefetches for one without any effect.
__attribute__((always_inline)) inline void prefetch(const char * from, int64_t bytes) {
    constexpr int64_t cache_line = 64;
    for (int64_t byte = 0; byte < bytes; byte += cache_line) {
        __builtin_prefetch(from + byte, 0, 2);
    }
}

inline int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

inline int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

inline Vector all(float value) {
    return value - Vector{};
}

// A word is the 32 bits that one multiplication takes: a float or, where LONGEMBED_BF16 is defined, a pair of
// neighbouring numbers in BF16, as the VNNI instructions take them. The pack factor is the count of numbers in a word.
#if defined(LONGEMBED_BF16)
constexpr int64_t pack_factor = 2;

/// sum + both products of `word` with each of `words`
inline Vector multiply_add(Vector sum, float word, Vector words) {
    return reinterpret_cast<Vector>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum),
                                                     reinterpret_cast<__m512bh>(_mm512_set1_ps(word)),
                                                     reinterpret_cast<__m512bh>(words)));
}

/// both products of `word` with each of `words`
inline Vector multiply(float word, Vector words) {
    return multiply_add(Vector{}, word, words);
}

/// Packs two vectors.
inline void pack_words(Vector first, Vector second, float * to) {
    const __m512bh pairs = _mm512_cvtne2ps_pbh(same_bits<__m512>(second), same_bits<__m512>(first));
    __builtin_memcpy(to, &pairs, sizeof(pairs));
}

/// Packs `count` floats; if the count is odd, the last pair's second number is 0. `to` may be `from`.
inline void pack_words(const float * from, int64_t count, float * to) {
    int64_t i = 0;
    for (; i + 2 * width <= count; i += 2 * width) {
        pack_words(load(from + i), load(from + i + width), to + i / 2);
    }
    if (i < count) {
        float rest[2 * width] = {};
        __builtin_memcpy(rest, from + i, (count - i) * sizeof(float));
        pack_words(load(rest), load(rest + width), rest);
        __builtin_memcpy(to + i / 2, rest, (count - i + 1) / 2 * sizeof(float));
    }
}
#else
constexpr int64_t pack_factor = 1;

inline Vector multiply_add(Vector sum, float word, Vector words) {
    return sum + word * words;
}

inline Vector multiply(float word, Vector words) {
    return word * words;
}

inline void pack_words(Vector first, Vector second, float * to) {
    store(to, first);
    store(to + width, second);
}

inline void pack_words(const float * from, int64_t count, float * to) {
    if (to != from) {
        __builtin_memcpy(to, from, count * sizeof(float));
    }
}
#endif

/// Words that hold this count of numbers.
constexpr int64_t words_for(int64_t numbers) {
    return (numbers + pack_factor - 1) / pack_factor;
}

/// Lane by lane; b where one of them is not a number. GCC makes a comparison and a blend of the operator, where x86 has
/// one instruction for it.
inline Vector larger(Vector a, Vector b) {
#if defined(__AVX512F__) && LONGEMBED_VECTOR_FLOATS == 16
    return same_bits<Vector>(_mm512_maskz_max_ps(0xffff, same_bits<__m512>(a), same_bits<__m512>(b)));
#elif defined(__AVX__) && LONGEMBED_VECTOR_FLOATS == 8
    return same_bits<Vector>(_mm256_max_ps(same_bits<__m256>(a), same_bits<__m256>(b)));
#elif defined(__SSE__) && LONGEMBED_VECTOR_FLOATS == 4
    return same_bits<Vector>(_mm_max_ps(same_bits<__m128>(a), same_bits<__m128>(b)));
#else
    return a > b ? a : b;
#endif
}

/// Lane by lane; b where one of them is not a number.
inline Vector smaller(Vector a, Vector b) {
#if defined(__AVX512F__) && LONGEMBED_VECTOR_FLOATS == 16
    return same_bits<Vector>(_mm512_maskz_min_ps(0xffff, same_bits<__m512>(a), same_bits<__m512>(b)));
#elif defined(__AVX__) && LONGEMBED_VECTOR_FLOATS == 8
    return same_bits<Vector>(_mm256_min_ps(same_bits<__m256>(a), same_bits<__m256>(b)));
#elif defined(__SSE__) && LONGEMBED_VECTOR_FLOATS == 4
    return same_bits<Vector>(_mm_min_ps(same_bits<__m128>(a), same_bits<__m128>(b)));
#else
    return a < b ? a : b;
#endif
}

/// 1 / x of a finite x > 0, to within two units in the last place.
inline Vector reciprocal(Vector x) {
#if defined(__AVX512F__) && LONGEMBED_VECTOR_FLOATS == 16
    // an estimate of 14 bits and a step of Newton's method: a division takes longer than twenty other instructions
    const Vector estimate = same_bits<Vector>(_mm512_maskz_rcp14_ps(0xffff, same_bits<__m512>(x)));
    return estimate + estimate * (1.0f - x * estimate);
#else
    return 1.0f / x;
#endif
}

inline Vector magnitude(Vector x) {
    return same_bits<Vector>(same_bits<Bits>(x) & 0x7fffffff);
}

/// e^x for x <= 0, to within two units in the last place; 0 for −inf.
inline Vector exponential(Vector x) {
    // e^x = 2^n · e^r with n whole and |r| <= ln 2 / 2; adding the large number rounds n to a whole one
    const Vector round  = all(12582912.0f);
    const Vector whole  = (x * 1.44269504f + round) - round;
    const Vector r      = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
    Vector       p      = all(1.9875691500e-4f);
    p                   = p * r + 1.3981999507e-3f;
    p                   = p * r + 8.3334519073e-3f;
    p                   = p * r + 4.1665795894e-2f;
    p                   = p * r + 1.6666665459e-1f;
    p                   = p * r + 5.0000001201e-1f;
    p                   = p * r * r + r + 1.0f;
    const Bits   power  = (__builtin_convertvector(whole, Bits) + 127) << 23;
    const Vector result = p * same_bits<Vector>(power);
    return x > -87.0f ? result : Vector{};
}

/// Replaces each x < 127 by 2^x, with a relative error of 1.5e-7; by 2^−125 or 2^−126 where that is larger. What is not
/// a number stays so. Each step waits for the one before it, so that two vectors side by side take little longer than
/// one.
#if defined(__AVX512DQ__) && LONGEMBED_VECTOR_FLOATS == 16
template <int n> inline void powers_of_two(Vector (&x)[n]) {
    // 2^x = 2^n · 2^f with n = ⌊x⌋. One instruction finds f, and one multiplies by 2^n: it takes some hundred cycles
    // where the product is below 2^−126. The polynomial minimises the largest error relative to 2^f.
    constexpr float polynomial[] = {8.989340626e-3f, 5.582631752e-2f, 2.401536107e-1f, 6.931530833e-1f,
                                    9.999999404e-1f};
    constexpr int   minus_floor  = 9; // rounding down to a whole number, without exceptions
    Vector          f[n];
    Vector          p[n];
    for (int i = 0; i < n; ++i) {
        x[i] = larger(all(-125.0f), x[i]);
        f[i] = same_bits<Vector>(_mm512_maskz_reduce_ps(0xffff, same_bits<__m512>(x[i]), minus_floor));
        p[i] = all(1.877576695e-3f);
    }
    for (const float coefficient : polynomial) {
        for (int i = 0; i < n; ++i) {
            p[i] = p[i] * f[i] + coefficient;
        }
    }
    for (int i = 0; i < n; ++i) {
        x[i] = same_bits<Vector>(_mm512_maskz_scalef_ps(0xffff, same_bits<__m512>(p[i]), same_bits<__m512>(x[i])));
    }
}
#else
template <int n> inline void powers_of_two(Vector (&x)[n]) {
    // 2^x = 2^n · 2^f with n whole and |f| <= 1/2. Adding the large number rounds x to a whole one and leaves n + 127,
    // the exponent of 2^n, in the sum's lowest bits; the polynomial minimises the largest error relative to 2^f.
    constexpr float polynomial[] = {9.6755413342e-3f, 5.5507132735e-2f, 2.4022119724e-1f, 6.9314696706e-1f,
                                    1.0000000717f};
    const Vector    round        = all(12582912.0f + 127.0f);
    Vector          whole[n];
    Vector          f[n];
    Vector          p[n];
    for (int i = 0; i < n; ++i) {
        x[i]     = larger(all(-126.0f), x[i]);
        whole[i] = x[i] + round;
        f[i]     = x[i] - (whole[i] - round);
        p[i]     = all(1.3276471979e-3f);
    }
    for (const float coefficient : polynomial) {
        for (int i = 0; i < n; ++i) {
            p[i] = p[i] * f[i] + coefficient;
        }
    }
    for (int i = 0; i < n; ++i) {
        x[i] = p[i] * same_bits<Vector>(same_bits<Bits>(whole[i]) << 23);
    }
}
#endif

inline Vector power_of_two(Vector x) {
    Vector one[1] = {x};
    powers_of_two(one);
    return one[0];
}

/// Whether a bit is set in any lane.
inline bool any(Bits bits) {
    uint64_t words[sizeof(bits) / sizeof(uint64_t)];
    __builtin_memcpy(words, &bits, sizeof(bits));
    uint64_t all_words = 0;
    for (uint64_t word : words) {
        all_words |= word;
    }
    return all_words != 0;
}

/// Lane j of the result is lane index[j] of `a` followed by `b`.
template <int... index> inline Vector pick(Vector a, Vector b) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, index...);
#else
    return __builtin_shuffle(a, b, Bits{index...});
#endif
}

template <int distance, int... lane> inline Vector rotate(Vector v, std::integer_sequence<int, lane...>) {
    return pick<((lane + distance) % width)...>(v, v);
}

/// Combines all lanes of a vector, halves first.
template <int distance = width / 2, typename Combine> inline float combine_lanes(Vector v, const Combine & combine) {
    if constexpr (distance > 0) {
        const Vector other = rotate<distance>(v, std::make_integer_sequence<int, width>());
        return combine_lanes<distance / 2>(combine(v, other), combine);
    } else {
        return v[0];
    }
}

inline float sum_of(Vector v) {
    return combine_lanes(v, [](Vector a, Vector b) { return a + b; });
}

inline float max_of(Vector v) {
    return combine_lanes(v, [](Vector a, Vector b) { return larger(a, b); });
}

/// Exchanges the upper right and lower left squares of `distance` × `distance` floats, throughout the square.
template <int distance, int... lane>
inline void exchange(Vector (&square)[width], std::integer_sequence<int, lane...>) {
    for (int i = 0; i < width; ++i) {
        if ((i & distance) == 0) {
            const Vector a       = square[i];
            const Vector b       = square[i + distance];
            square[i]            = pick<((lane & distance) == 0 ? lane : lane - distance + width)...>(a, b);
            square[i + distance] = pick<((lane & distance) == 0 ? lane + distance : lane + width)...>(a, b);
        }
    }
}

template <int distance> inline void transpose_from(Vector (&square)[width]) {
    if constexpr (distance > 0) {
        exchange<distance>(square, std::make_integer_sequence<int, width>());
        transpose_from<distance / 2>(square);
    }
}

inline void transpose(Vector (&square)[width]) {
    transpose_from<width / 2>(square);
}

} // namespace

} // namespace longembed
