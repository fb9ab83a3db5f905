#include "rope.h"

#include <algorithm>
#include <cmath>

#include "llama-model.h"
#include "weights.h"

namespace longembed {

namespace {

constexpr double two_pi = 6.283185307179586476925;

/// The pair below which, in ggml's YaRN, frequencies turn more than `turns` times over the original context.
double yarn_pair(const Rope & rope, double base, double turns) {
    return rope.dimensions * std::log(rope.original_context / (turns * two_pi)) / (2.0 * std::log(base));
}

std::vector<float> inverses(const std::vector<double> & radians) {
    constexpr double   largest = 1e30; // instead of infinity, for a pair that does not turn
    std::vector<float> divisors(radians.size());
    std::transform(radians.begin(), radians.end(), divisors.begin(), [](double angle) {
        return static_cast<float>(std::abs(angle) < 1.0 / largest ? largest : 1.0 / angle);
    });
    return divisors;
}

/// Cosines and sines of a token's angles, times the magnitude.
struct Turns {
    std::vector<float> cosines;
    std::vector<float> sines;

    explicit Turns(size_t pairs) : cosines(pairs), sines(pairs) {}

    void set(const RopeFrequencies & frequencies, int32_t position) {
        for (size_t i = 0; i < cosines.size(); ++i) {
            const double angle   = position * frequencies.radians[i];
            const auto   reduced = static_cast<float>(angle - two_pi * std::nearbyint(angle / two_pi));
            cosines[i]           = std::cos(reduced) * frequencies.magnitude;
            sines[i]             = std::sin(reduced) * frequencies.magnitude;
        }
    }
};

/// @tparam step  from a pair to the next
/// @param apart  a pair's second number from its first
template <int step> void turn(const float * x, float * y, const Turns & turns, int64_t apart) {
    const auto pairs = static_cast<int64_t>(turns.cosines.size());
    for (int64_t i = 0; i < pairs; ++i) {
        const float first   = x[i * step];
        const float second  = x[i * step + apart];
        y[i * step]         = first * turns.cosines[i] - second * turns.sines[i];
        y[i * step + apart] = first * turns.sines[i] + second * turns.cosines[i];
    }
}

/// The sources of `y` [head size, heads, n] are x and positions. Parts are ranges of tokens.
template <Rotation rotation> void compute(ggml_tensor * y, int part, int parts, void * data) {
    const auto &        frequencies = *static_cast<const RopeFrequencies *>(data);
    const ggml_tensor * x           = y->src[0];
    const auto *        positions   = static_cast<const int32_t *>(y->src[1]->data);
    const auto          pairs       = static_cast<int64_t>(frequencies.radians.size());
    const auto          row         = [](const ggml_tensor * tensor, int64_t head, int64_t token) {
        char * start = static_cast<char *>(tensor->data) + head * tensor->nb[1] + token * tensor->nb[2];
        return reinterpret_cast<float *>(start);
    };

    Turns turns(frequencies.radians.size());
    for (int64_t t = y->ne[2] * part / parts; t < y->ne[2] * (part + 1) / parts; ++t) {
        turns.set(frequencies, positions[t]);
        for (int64_t head = 0; head < y->ne[1]; ++head) {
            const float * from = row(x, head, t);
            float *       to   = row(y, head, t);
            if constexpr (rotation == Rotation::neox) {
                turn<1>(from, to, turns, pairs);
            } else {
                turn<2>(from, to, turns, 1);
            }
            std::copy(from + 2 * pairs, from + y->ne[0], to + 2 * pairs);
        }
    }
}

/// With a base of 1 the angle is position / divisor.
ggml_tensor * rotate_by_ggml(ggml_context * ctx, const Rope & rope, ggml_tensor * x, ggml_tensor * positions,
                             ggml_tensor * divisors, float magnitude) {
    const int mode = rope.rotation == Rotation::neox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
    return ggml_rope_ext(ctx, x, positions, divisors, rope.dimensions, mode, rope.original_context, /*freq_base*/ 1.0f,
                         /*freq_scale*/ 1.0f, /*ext_factor*/ 0.0f, magnitude, /*beta_fast*/ 32.0f, /*beta_slow*/ 1.0f);
}

} // namespace

std::vector<float> RopeFrequencies::divisors() const {
    return inverses(radians);
}

std::vector<float> RopeFrequencies::coarse_divisors() const {
    std::vector<double> coarse(radians.size());
    std::transform(radians.begin(), radians.end(), coarse.begin(),
                   [](double angle) { return std::remainder(angle * RopePositions::span, two_pi); });
    return inverses(coarse);
}

RopePositions::Split::Split(const std::vector<int32_t> & whole) : fine(whole.size()), coarse(whole.size()) {
    for (size_t i = 0; i < whole.size(); ++i) {
        coarse[i] = static_cast<int32_t>(std::floor(static_cast<double>(whole[i]) / span));
        fine[i]   = whole[i] - coarse[i] * span;
    }
}

std::optional<Rope> Rope::of(const llama_model & model, Rotation rotation, int layer) {
    if (rotation == Rotation::none) {
        return std::nullopt;
    }
    const llama_hparams & h = model.hparams;
    Rope                  rope;
    rope.dimensions       = static_cast<int>(h.n_rot(layer));
    rope.rotation         = rotation;
    rope.original_context = static_cast<int>(h.n_ctx_orig_yarn != 0 ? h.n_ctx_orig_yarn : h.n_ctx_train);
    rope.base             = h.rope_freq_base_train;
    rope.scale            = h.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_NONE ? 1.0 : h.rope_freq_scale_train;
    if (h.is_swa(layer)) {
        rope.base  = h.rope_freq_base_train_swa;
        rope.scale = h.rope_freq_scale_train_swa;
    }
    rope.magnitude     = h.yarn_attn_factor;
    rope.beta_fast     = h.yarn_beta_fast;
    rope.beta_slow     = h.yarn_beta_slow;
    const bool yarn    = h.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_YARN;
    rope.extrapolation = h.yarn_ext_factor >= 0.0f ? h.yarn_ext_factor : yarn ? 1.0 : 0.0;
    if (rope.extrapolation != 0.0) {
        // YaRN scales the logits by (0.1 ln(factor) + 1)²; frequencies() applies that magnitude itself whenever it
        // extrapolates, so what is passed must be the file's factor alone (llama.cpp: llama_context's constructor).
        const double factor = 1.0 / rope.scale;
        const double log    = std::log(factor);
        double       wanted = factor <= 1.0 ? 1.0 : 0.1 * log + 1.0;
        if (h.rope_yarn_log_mul != 0.0f && factor > 1.0) {
            wanted /= 0.1 * h.rope_yarn_log_mul * log + 1.0;
        }
        rope.magnitude = wanted / (1.0 + 0.1 * log);
    }
    rope.magnitude *= h.rope_attn_factor;
    if (Weights(model).optional("rope_freqs.weight") != nullptr) {
        rope.divisors = Weights(model).numbers("rope_freqs.weight");
    }
    return rope;
}

RopeFrequencies Rope::frequencies(const RopeChange & change) const {
    const double used_base  = change.base == 0.0 ? base : change.base;
    const double used_scale = scale * change.factor;
    const double first      = std::max(0.0, std::floor(yarn_pair(*this, used_base, beta_fast)));
    const double last       = std::min(dimensions - 1.0, std::ceil(yarn_pair(*this, used_base, beta_slow)));

    RopeFrequencies result;
    result.magnitude =
        static_cast<float>(extrapolation == 0.0 ? magnitude : magnitude * (1.0 + 0.1 * std::log(1.0 / used_scale)));
    for (int pair = 0; pair < dimensions / 2; ++pair) {
        double extrapolated = std::pow(used_base, -2.0 * pair / dimensions);
        if (pair < static_cast<int>(divisors.size())) {
            extrapolated /= divisors[pair];
        }
        if (change.divisors != nullptr) {
            extrapolated /= change.divisors[pair];
        }
        const double ramp = 1.0 - std::clamp((pair - first) / std::max(0.001, last - first), 0.0, 1.0);
        const double mix  = extrapolation == 0.0 ? 0.0 : ramp * extrapolation;
        result.radians.push_back(extrapolated * (used_scale * (1.0 - mix) + mix));
    }
    return result;
}

ggml_tensor * rotate(const GraphContext & ctx, const Rope & rope, const RopeFrequencies & frequencies,
                     const RopeDivisors & divisors, ggml_tensor * x, const RopePositions & positions, bool twice) {
    if (ctx.kernels->gemm != nullptr) {
        ggml_tensor * sources[] = {x, positions.whole};
        const auto    operation =
            rope.rotation == Rotation::neox ? compute<Rotation::neox> : compute<Rotation::interleaved>;
        // ggml takes its user data mutable
        void * data = const_cast<RopeFrequencies *>(&frequencies);
        return ggml_custom_4d(ctx, GGML_TYPE_F32, x->ne[0], x->ne[1], x->ne[2], 1, sources, 2, operation,
                              GGML_N_TASKS_MAX, data);
    }
    if (!twice) {
        return rotate_by_ggml(ctx, rope, x, positions.whole, divisors.fine, frequencies.magnitude);
    }
    ggml_tensor * fine = rotate_by_ggml(ctx, rope, x, positions.fine, divisors.fine, frequencies.magnitude);
    return rotate_by_ggml(ctx, rope, fine, positions.coarse, divisors.coarse, 1.0f);
}

} // namespace longembed
