#pragma once

#include "ggml.h"

struct llama_model;

namespace longembed {

/// Rotary position embedding as the file describes it (linear, YaRN and Llama-3 scaling included).
struct Rope {
    int   dimensions     = 0;  ///< rotated per head
    int   mode           = 0;  ///< GGML_ROPE_TYPE_NEOX (halves) or GGML_ROPE_TYPE_NORMAL (interleaved pairs)
    int   original_context = 0;
    float base           = 10000.0f;
    float scale          = 1.0f;  ///< factor on positions
    float extrapolation  = 0.0f;  ///< YaRN's mix
    float magnitude      = 1.0f;  ///< YaRN's attention factor
    float beta_fast      = 32.0f;
    float beta_slow      = 1.0f;
    ggml_tensor * factors = nullptr;  ///< per-frequency divisors (Llama 3), [dimensions / 2], or null

    /// What the file says, of a model whose architecture rotates.
    static Rope of(const llama_model & model);

    /// The same with another base (0: keep) and positions × `factor` on top.
    Rope with(float other_base, float factor) const;

    /// x [head size, heads, n] rotated to positions [n] (I32)
    ggml_tensor * apply(ggml_context * ctx, ggml_tensor * x, ggml_tensor * positions) const;
};

} // namespace longembed
