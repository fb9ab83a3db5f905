// What is applied to a sum of products before it is written, compiled once for each instruction set; see simd.h.

#pragma once

#include "gemm.h"
#include "simd.h"

namespace longembed {

namespace {

/// x · Φ(x), where Φ is the normal distribution function: the form with erf.
inline Vector gelu(Vector x) {
    // x/2 + |x| · h with h = Φ(|x|) − 1/2, which is |x| · P(x²) / Q(x²) up to 5.5, to within 7e-9 but for rounding, and
    // 1/2 beyond. Fitted so that the largest error is least; there P / Q is a little too large for h to be less than
    // 1/2.
    const Vector size = magnitude(x);
    const Vector u    = smaller(all(5.5f), size);
    const Vector z    = u * u;
    Vector       p    = all(2.281069854e-08f);
    p                 = p * z + 6.355784234e-06f;
    p                 = p * z + 1.686049510e-04f;
    p                 = p * z + 4.676141346e-03f;
    p                 = p * z + 3.382642814e-02f;
    p                 = p * z + 3.989422351e-01f;
    Vector q          = all(1.199496667e-06f);
    q                 = q * z + 7.360071113e-05f;
    q                 = q * z + 1.883250973e-03f;
    q                 = q * z + 2.863209996e-02f;
    q                 = q * z + 2.514562071e-01f;
    q                 = q * z + 1.0f;
    const Vector h    = smaller(all(0.5f), u * p * reciprocal(q));
    return size * h + 0.5f * x;
}

/// x / (1 + e^(−x)).
inline Vector silu(Vector x) {
    const Vector e = exponential(x < 0.0f ? x : -x);
    return (x < 0.0f ? x * e : x) * reciprocal(1.0f + e);
}

/// GELU in the form with tanh: x / (1 + e^(−2u)) with u = √(2/π) · (x + 0.044715 x³).
inline Vector gelu_tanh(Vector x) {
    const Vector u = 1.595769122f * (x + 0.044715f * x * x * x); // twice
    const Vector e = exponential(u < 0.0f ? u : -u);
    return (u < 0.0f ? x * e : x) * reciprocal(1.0f + e);
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

template <Epilogue e> struct EpilogueConstant {
    static constexpr Epilogue epilogue = e;
};

/// Calls `function` with the EpilogueConstant of `epilogue`, so that loops are compiled for each.
template <typename Function> inline void with_constant(Epilogue epilogue, const Function & function) {
    switch (epilogue) {
        case Epilogue::gelu: return function(EpilogueConstant<Epilogue::gelu>());
        case Epilogue::residual_add: return function(EpilogueConstant<Epilogue::residual_add>());
        case Epilogue::swiglu_gate: return function(EpilogueConstant<Epilogue::swiglu_gate>());
        case Epilogue::geglu_gate: return function(EpilogueConstant<Epilogue::geglu_gate>());
        case Epilogue::geglu_tanh_gate: return function(EpilogueConstant<Epilogue::geglu_tanh_gate>());
        default: return function(EpilogueConstant<Epilogue::none>());
    }
}

} // namespace

} // namespace longembed
