// Vectors of floats for the kernels, which are compiled once for each instruction set: the including file says how many floats
// a vector has (LONGEMBED_VECTOR_FLOATS) and what its functions are called (LONGEMBED_VARIANT).
//
// Everything here is local to its file, and kernels use no templates of the standard library: the linker keeps one copy of
// those, and it might be the one for instructions that the machine lacks.

#pragma once

#include <cstdint>

namespace longembed {

namespace {

constexpr int width = LONGEMBED_VECTOR_FLOATS;

typedef float   Vector __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS * sizeof(float))));
typedef int32_t Bits __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS * sizeof(int32_t))));

inline Vector load(const float * from) {
    Vector v;
    __builtin_memcpy(&v, from, sizeof(v));
    return v;
}

inline void store(float * to, Vector v) {
    __builtin_memcpy(to, &v, sizeof(v));
}

inline Vector all(float value) {
    return value - Vector{};
}

inline Vector larger(Vector a, Vector b) {
    return a > b ? a : b;
}

/// e^x for x <= 0, within two units in the last place; 0 for −inf.
inline Vector exponential(Vector x) {
    // e^x = 2^n · e^r with n whole and |r| <= ln 2 / 2; the large number makes the sum round n to a whole one
    const Vector  round  = all(12582912.0f);
    const Vector  whole  = (x * 1.44269504f + round) - round;
    const Vector  r      = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
    Vector        p      = all(1.9875691500e-4f);
    p                    = p * r + 1.3981999507e-3f;
    p                    = p * r + 8.3334519073e-3f;
    p                    = p * r + 4.1665795894e-2f;
    p                    = p * r + 1.6666665459e-1f;
    p                    = p * r + 5.0000001201e-1f;
    p                    = p * r * r + r + 1.0f;
    const Bits    power  = (__builtin_convertvector(whole, Bits) + 127) << 23;
    Vector        result;
    Vector        scale;
    __builtin_memcpy(&scale, &power, sizeof(scale));
    result = p * scale;
    return x > -87.0f ? result : Vector{};
}

} // namespace

} // namespace longembed
