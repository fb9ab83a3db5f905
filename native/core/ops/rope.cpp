#include "rope.h"

#include <cmath>

#include "llama-model.h"
#include "weights.h"

namespace longembed {

std::optional<Rope> Rope::of(const llama_model & model, Rotation rotation, int layer) {
    if (rotation == Rotation::none) {
        return std::nullopt;
    }
    const llama_hparams & h = model.hparams;
    Rope                  rope;
    rope.dimensions       = static_cast<int>(h.n_rot(layer));
    rope.mode             = rotation == Rotation::neox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
    rope.original_context = static_cast<int>(h.n_ctx_orig_yarn != 0 ? h.n_ctx_orig_yarn : h.n_ctx_train);
    rope.base             = h.rope_freq_base_train;
    rope.scale            = h.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_NONE ? 1.0f : h.rope_freq_scale_train;
    if (h.is_swa(layer)) {
        rope.base  = h.rope_freq_base_train_swa;
        rope.scale = h.rope_freq_scale_train_swa;
    }
    rope.magnitude     = h.yarn_attn_factor;
    rope.beta_fast     = h.yarn_beta_fast;
    rope.beta_slow     = h.yarn_beta_slow;
    const bool yarn    = h.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_YARN;
    rope.extrapolation = h.yarn_ext_factor >= 0.0f ? h.yarn_ext_factor : yarn ? 1.0f : 0.0f;
    if (rope.extrapolation != 0.0f) {
        // YaRN scales the logits by (0.1 ln(factor) + 1)²; ggml_rope applies that magnitude itself whenever it
        // extrapolates, so what is passed must be the file's factor alone (llama.cpp: llama_context's constructor).
        const float factor = 1.0f / rope.scale;
        const float log    = std::log(factor);
        float       wanted = factor <= 1.0f ? 1.0f : 0.1f * log + 1.0f;
        if (h.rope_yarn_log_mul != 0.0f && factor > 1.0f) {
            wanted /= 0.1f * h.rope_yarn_log_mul * log + 1.0f;
        }
        rope.magnitude = wanted / (1.0f + 0.1f * log);
    }
    rope.magnitude *= h.rope_attn_factor;
    rope.factors = Weights(model).optional("rope_freqs.weight");
    return rope;
}

Rope Rope::with(float other_base, float factor, ggml_tensor * other_factors) const {
    Rope rope = *this;
    if (other_base != 0.0f) {
        rope.base = other_base;
    }
    rope.scale *= factor;
    if (other_factors != nullptr) {
        rope.factors = other_factors;
    }
    return rope;
}

ggml_tensor * Rope::apply(ggml_context * ctx, ggml_tensor * x, ggml_tensor * positions) const {
    return ggml_rope_ext(ctx, x, positions, factors, dimensions, mode, original_context, base, scale, extrapolation,
                         magnitude, beta_fast, beta_slow);
}

} // namespace longembed
