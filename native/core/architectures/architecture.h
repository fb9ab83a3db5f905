#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ggml.h"
#include "ops/graph_context.h"
#include "ops/rope.h"
#include "ops/weights.h"

struct llama_model;

namespace longembed {

/// Where tokens stand, as absolute position embedding reads it: between rows `lower` and `upper` of the position matrix.
struct AbsolutePositions {
    ggml_tensor * lower    = nullptr;  ///< [n] I32
    ggml_tensor * upper    = nullptr;  ///< [n] I32; null: all positions are whole rows
    ggml_tensor * fraction = nullptr;  ///< [1, n] F32, 0 … 1 from lower to upper; null with upper
};

/// The sizes of attention; the same in every layer of the architectures we build ourselves.
struct AttentionShape {
    int64_t head_size = 0;
    int64_t heads     = 0;
    int64_t kv_heads  = 0;
    float   scale     = 0.0f;  ///< factor on the logits, 1 / sqrt(head size)
    bool    causal    = false;

    /// What the file says.
    static AttentionShape of(const llama_model & model);
};

/// One transformer architecture as graph pieces: everything that happens to a token by itself. What tokens do to each
/// other (attention) and in which blocks they are computed is the engine's, and the same for all.
///
/// x is always [dimensions, n], F32. A new architecture is one new file and a line in architecture.cpp.
class Architecture {
public:
    virtual ~Architecture() = default;

    virtual const AttentionShape & attention() const = 0;

    /// Null for models without rotary positions.
    virtual const Rope * rope() const = 0;

    /// Rows of the absolute position matrix; 0 where there is none.
    virtual int64_t position_rows() const { return 0; }

    /// The first layer's input for token ids [n] (I32).
    virtual ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens, const AbsolutePositions & positions) const = 0;

    virtual const QkvWeights & qkv(int layer) const = 0;

    /// What queries, keys and values of a layer are made from.
    virtual ggml_tensor * attention_input(const GraphContext & ctx, int layer, ggml_tensor * x) const = 0;

    /// The layer's output from its input x and the heads' outputs [heads · head size, n].
    virtual ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x, ggml_tensor * heads) const = 0;

    /// What follows the last layer.
    virtual ggml_tensor * finish(const GraphContext & ctx, ggml_tensor * x) const {
        (void) ctx;
        return x;
    }
};

/// Why our own graph cannot run a loaded model, or nothing when it can.
std::optional<std::string> why_not_own_graph(const llama_model & model);

/// The graph pieces of a model for which why_not_own_graph() says nothing.
std::unique_ptr<Architecture> make_architecture(const llama_model & model);

} // namespace longembed
