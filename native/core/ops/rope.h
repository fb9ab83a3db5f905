#pragma once

#include <optional>

#include "ggml.h"

struct llama_model;

namespace longembed {

/// How the numbers of a query or key pair up to be rotated.
enum class Rotation {
    none,
    interleaved, ///< neighbours
    neox,        ///< the first half with the second
};

/// Rotary position embedding as the file describes it (linear, YaRN and Llama-3 scaling included).
struct Rope {
    int           dimensions       = 0; ///< rotated per head
    int           mode             = 0; ///< ggml's GGML_ROPE_TYPE_…
    int           original_context = 0;
    float         base             = 10000.0f;
    float         scale            = 1.0f; ///< factor on positions
    float         extrapolation    = 0.0f; ///< YaRN's mix
    float         magnitude        = 1.0f; ///< YaRN's attention factor
    float         beta_fast        = 32.0f;
    float         beta_slow        = 1.0f;
    ggml_tensor * factors          = nullptr; ///< per-frequency divisors (Llama 3), [dimensions / 2], or null

    /// What the file says of a layer; nothing for Rotation::none.
    static std::optional<Rope> of(const llama_model & model, Rotation rotation, int layer = 0);

    /// The same with another base (0: keep), positions × `factor` on top, and other divisors of frequencies (null:
    /// keep).
    Rope with(float other_base, float factor, ggml_tensor * other_factors) const;

    /// x [head size, heads, n] rotated to positions [n] (I32)
    ggml_tensor * apply(ggml_context * ctx, ggml_tensor * x, ggml_tensor * positions) const;
};

} // namespace longembed
