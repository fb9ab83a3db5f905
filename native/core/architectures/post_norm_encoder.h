#pragma once

#include <vector>

#include "architecture.h"

namespace longembed {

/// What BERT and its kin share: token and segment embeddings, a norm after attention and one after the feed-forward part
/// ("post-norm"), each over the sum with what went in. They differ in how they say positions and in the feed-forward part.
class PostNormEncoder : public Architecture {
public:
    const AttentionShape & attention() const override { return shape_; }
    const Rope *           rope() const override { return nullptr; }
    const QkvWeights &     qkv(int layer) const override { return layers_[layer].qkv; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens, const AbsolutePositions & positions) const override;
    ggml_tensor * attention_input(const GraphContext & ctx, int layer, ggml_tensor * x) const override;
    ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x, ggml_tensor * heads) const override;

protected:
    struct Layer {
        QkvWeights qkv;
        Linear     attention_output;
        Norm       attention_norm;
        Linear     up;
        Linear     gate;  ///< SwiGLU models only
        Linear     down;
        Norm       output_norm;
    };

    explicit PostNormEncoder(const llama_model & model);

    /// Adds what an absolute position embedding adds to the token embeddings x; nothing by default.
    virtual ggml_tensor * add_positions(const GraphContext & ctx, ggml_tensor * x, const AbsolutePositions & positions) const;

    /// x + what the feed-forward part makes of x.
    virtual ggml_tensor * add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const = 0;

    Weights            weights_;
    std::vector<Layer> layers_;

private:
    AttentionShape shape_;
    float          eps_;
    ggml_tensor *  token_embedding_;
    ggml_tensor *  segment_embedding_;  ///< null in files without one
    Norm           embedding_norm_;
};

} // namespace longembed
