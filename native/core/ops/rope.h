#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ggml.h"
#include "graph_context.h"

struct llama_model;

namespace longembed {

/// How the numbers of a query or key pair up to be rotated.
enum class Rotation {
    none,
    interleaved, ///< neighbours
    neox,        ///< the first half with the second
};

/// By how much pairs turn from one position to the next.
struct RopeFrequencies {
    std::vector<double> radians;          ///< of each pair, [rotated dimensions / 2]
    float               magnitude = 1.0f; ///< factor on what is rotated: YaRN's

    /// What ggml's operation takes: the same as divisors of positions, and for those of RopePositions::coarse.
    std::vector<float> divisors() const;
    std::vector<float> coarse_divisors() const;
};

/// What a strategy changes of a file's frequencies.
struct RopeChange {
    double         base     = 0.0;     ///< 0: the file's
    double         factor   = 1.0;     ///< on positions, on top of the file's own
    const double * divisors = nullptr; ///< of each pair's frequency, on top of the file's own; null: 1
};

/// Positions [n] (I32) that queries or keys are rotated to.
///
/// ggml's operation computes angles as floats: at 32,768 they are off by up to 5e-3 radians, as much as a half's
/// rounding of every key and value. Where it rotates and positions reach `span`, it therefore does so twice, by
/// position mod span and by the multiples of span, whose angles are reduced to −π … π before: both stay below some
/// 500 radians, and are off by 5e-5 at most.
struct RopePositions {
    static constexpr int32_t span = 512;

    ggml_tensor * whole  = nullptr;
    ggml_tensor * fine   = nullptr; ///< whole mod span; null where our own kernel rotates
    ggml_tensor * coarse = nullptr; ///< ⌊whole / span⌋; null with `fine`

    /// The values of `fine` and `coarse` for those of `whole`.
    struct Split {
        std::vector<int32_t> fine;
        std::vector<int32_t> coarse;

        explicit Split(const std::vector<int32_t> & whole);
    };
};

/// Divisors for ggml's operation, [rotated dimensions / 2] each; null where our own kernel rotates.
struct RopeDivisors {
    ggml_tensor * fine   = nullptr;
    ggml_tensor * coarse = nullptr;
};

/// Rotary position embedding as the file describes it (linear, YaRN and Llama-3 scaling included).
struct Rope {
    int                dimensions       = 0; ///< rotated per head
    Rotation           rotation         = Rotation::none;
    int                original_context = 0;
    double             base             = 10000.0;
    double             scale            = 1.0; ///< factor on positions
    double             extrapolation    = 0.0; ///< YaRN's mix
    double             magnitude        = 1.0; ///< YaRN's attention factor
    double             beta_fast        = 32.0;
    double             beta_slow        = 1.0;
    std::vector<float> divisors; ///< of each frequency (Llama 3), [dimensions / 2]; empty: 1

    /// What the file says of a layer; nothing for Rotation::none.
    static std::optional<Rope> of(const llama_model & model, Rotation rotation, int layer = 0);

    /// As ggml_rope_ext defines them, in doubles.
    RopeFrequencies frequencies(const RopeChange & change = {}) const;
};

/// x [head size, heads, n] rotated, by our own kernel where there are kernels: its angles are computed in doubles.
/// @param frequencies  outlive the graph
/// @param twice        for ggml's operation: whether there are positions beyond RopePositions::span
ggml_tensor * rotate(const GraphContext & ctx, const Rope & rope, const RopeFrequencies & frequencies,
                     const RopeDivisors & divisors, ggml_tensor * x, const RopePositions & positions, bool twice);

} // namespace longembed
