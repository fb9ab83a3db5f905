#pragma once

#include <vector>

#include "distance_bias.h"
#include "ggml.h"
#include "head.h"
#include "ops/graph_context.h"
#include "ops/rope.h"
#include "ops/weights.h"

struct llama_model;

namespace longembed {

/// Where tokens stand, as absolute position embedding reads it: between rows `lower` and `upper` of the position
/// matrix.
struct AbsolutePositions {
    ggml_tensor * lower    = nullptr; ///< [n] I32
    ggml_tensor * upper    = nullptr; ///< [n] I32; null: all positions are whole rows
    ggml_tensor * fraction = nullptr; ///< [1, n] F32, 0 … 1 from lower to upper; null with upper
};

/// One layer's attention. Sizes and causality are the same in all layers of a model; scale, window and bias may differ.
struct AttentionShape {
    /// The reach of a layer whose tokens attend to all others.
    static constexpr int64_t unlimited = int64_t{1} << 40;

    int64_t              head_size = 0;
    int64_t              heads     = 0;
    int64_t              kv_heads  = 0;
    float                scale     = 0.0f; ///< factor on the logits, usually 1 / sqrt(head size)
    bool                 causal    = false;
    int64_t              reach     = unlimited; ///< a query at index i sees keys i − reach … i + reach
    const DistanceBias * bias      = nullptr;   ///< added to the logits; lives as long as the architecture

    /// What the file says of a layer.
    static AttentionShape of(const llama_model & model, int layer = 0);

    int64_t heads_per_kv_head() const { return heads / kv_heads; }

    /// Whether it has a sliding window. Context extension leaves such a layer alone: its positions, its logits and its
    /// window are as trained however long the text is.
    bool slides() const { return reach < unlimited; }
};

/// Whether a token attends only to itself and those before it, in a model of any architecture.
bool is_causal(const llama_model & model);

/// A layer's queries [head size, heads, n], keys and values [head size, kv heads, n], not rotated yet.
struct Projections {
    ggml_tensor * q;
    ggml_tensor * k;
    ggml_tensor * v;
};

/// One transformer architecture as graph pieces: everything that happens to each token on its own. What tokens do to
/// each other (attention) and in which blocks they are computed is the same for all, and the engine's.
///
/// x is always [dimensions, n], F32. table.h says what a new architecture takes.
class Architecture {
public:
    virtual ~Architecture() = default;

    virtual const AttentionShape & attention(int layer) const = 0;

    /// Layers of the same kind do the same with other weights; kinds are numbered from 0.
    virtual int kind(int layer) const { return attention(layer).slides() ? 1 : 0; }

    /// The reach of its sliding-window layers, the same in all of them; 0: it has none.
    virtual int64_t sliding_reach() const { return 0; }

    virtual int layers() const = 0;

    /// How a layer's queries and keys are rotated; null: not at all. The same in all layers that slide, and in all
    /// others.
    virtual const Rope * rope(int layer) const = 0;

    /// How those of layers that slide are, or of those that do not; null: not at all, or there is none.
    const Rope * rope_where(bool sliding) const;

    /// Rows of the absolute position matrix; 0 where there is none.
    virtual int64_t position_rows() const { return 0; }

    /// The first layer's input for token ids [n] (I32).
    virtual ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                                const AbsolutePositions & positions) const = 0;

    /// Queries, keys and values from a layer's input. The engine computes only those it uses: keys and values of all
    /// tokens first, queries of a block later. A norm of queries and keys belongs here.
    virtual Projections project(const GraphContext & ctx, int layer, ggml_tensor * x) const = 0;

    /// The layer's output from its input x and attention's output [heads · head size, n].
    virtual ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x,
                                       ggml_tensor * heads) const = 0;

    /// What follows the last layer.
    virtual ggml_tensor * finish(const GraphContext & /*ctx*/, ggml_tensor * x) const { return x; }

    /// The dense layers over pooled vectors; null: the model has none.
    virtual const Head * head() const { return nullptr; }

protected:
    /// Three products, each plus a bias where there is one.
    static Projections project(const GraphContext & ctx, const QkvWeights & weights, const AttentionShape & shape,
                               ggml_tensor * x);
};

} // namespace longembed
