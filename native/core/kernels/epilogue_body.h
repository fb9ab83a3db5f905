// What is applied to a sum of products before it is written, compiled once for each instruction set; see simd.h.

#pragma once

#include "gemm.h"
#include "simd.h"

namespace longembed {

namespace {

/// x · Φ(x), where Φ is the normal distribution function: the form with erf.
inline Vector gelu(Vector x) {
    // Φ(−|x|) = t · P(t) · e^(−x²/2) with t = 1 / (1 + |x| / √8). P is a least-squares fit of degree 9; in floats the
    // result is off by at most 4e-7, relative to itself by 1.2e-6 above −3 and 6e-6 above −9.
    const Vector t       = 1.0f / (1.0f + 0.35355339f * magnitude(x));
    const Vector root    = 0.84932180f * x; // its square is x²/2 · log2 e
    const Vector density = power_of_two(-(root * root), -127.0f);
    Vector       p       = all(7.554874575e-03f);
    p                    = p * t - 6.902826770e-02f;
    p                    = p * t + 2.311740677e-01f;
    p                    = p * t - 3.562983003e-01f;
    p                    = p * t + 2.274518761e-01f;
    p                    = p * t - 5.767513435e-02f;
    p                    = p * t + 1.155289912e-01f;
    p                    = p * t + 1.187730265e-01f;
    p                    = p * t + 1.414894770e-01f;
    p                    = p * t + 1.410293823e-01f;
    const Vector tail    = t * p * density;
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
