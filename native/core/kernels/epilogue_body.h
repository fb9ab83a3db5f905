// What is applied to a sum of products before it is written, compiled once for each instruction set; see simd.h.

#pragma once

#include "gemm.h"
#include "simd.h"

namespace longembed {

namespace {

/// x · Φ(x), where Φ is the normal distribution function: the form with erf.
inline Vector gelu(Vector x) {
    // erfc(z) = t · P(t) · e^(−z²) with t = 1 / (1 + z / 2), z >= 0. P is a least-squares fit of degree 9; the result
    // has a relative error of at most 3e-7 in floats, also where erfc is small.
    const Vector z    = (x < 0.0f ? -x : x) * 0.70710678f;
    const Vector t    = 1.0f / (1.0f + 0.5f * z);
    Vector       p    = all(1.510974915e-02f);
    p                 = p * t - 1.380565354e-01f;
    p                 = p * t + 4.623481354e-01f;
    p                 = p * t - 7.125966007e-01f;
    p                 = p * t + 4.549037522e-01f;
    p                 = p * t - 1.153502687e-01f;
    p                 = p * t + 2.310579825e-01f;
    p                 = p * t + 2.375460531e-01f;
    p                 = p * t + 2.829789541e-01f;
    p                 = p * t + 2.820587647e-01f;
    const Vector tail = 0.5f * t * p * exponential(-z * z); // Φ(−|x|)
    return x * (x < 0.0f ? tail : 1.0f - tail);
}

/// x / (1 + e^(−x)).
inline Vector silu(Vector x) {
    const Vector e = exponential(x < 0.0f ? x : -x);
    return (x < 0.0f ? x * e : x) / (1.0f + e);
}

/// GELU in the form with tanh: x / (1 + e^(−2u)) with u = √(2/π) · (x + 0.044715 x³).
inline Vector gelu_tanh(Vector x) {
    const Vector u = 1.595769122f * (x + 0.044715f * x * x * x); // twice
    const Vector e = exponential(u < 0.0f ? u : -u);
    return (u < 0.0f ? x * e : x) / (1.0f + e);
}

inline Vector apply(Epilogue epilogue, Vector sum, Vector operand) {
    switch (epilogue) {
        case Epilogue::gelu: return gelu(sum);
        case Epilogue::residual_add: return sum + operand;
        case Epilogue::swiglu_gate: return sum * silu(operand);
        case Epilogue::geglu_gate: return sum * gelu(operand);
        case Epilogue::geglu_tanh_gate: return sum * gelu_tanh(operand);
        default: return sum;
    }
}

} // namespace

} // namespace longembed
