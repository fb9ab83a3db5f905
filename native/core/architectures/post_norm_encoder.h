#pragma once

#include <optional>
#include <vector>

#include "architecture.h"
#include "model_file/tensor_inventory.h"
#include "ops/ops.h"

namespace longembed {

/// What the BERT family shares: token and segment embeddings, a norm after attention and one after the feed-forward
/// part ("post-norm"), each over the sum with the part's input.
class PostNormEncoder : public Architecture {
public:
    /// Where the feed-forward part's gate is.
    enum class Gate {
        none,
        matrix,      ///< ffn_gate
        first_half,  ///< of ffn_up's rows
        second_half, ///< the same
    };

    /// In what they differ.
    struct Options {
        Rotation   rotation;
        Activation activation;
        Gate       gate;
    };

    PostNormEncoder(const llama_model & model, const Options & options);

    /// Names the tensors of every such model.
    /// @throws InvalidFile
    static void list_tensors(TensorInventory & tensors, const ModelSizes & sizes, const Options & options);

    const AttentionShape & attention(int /*layer*/) const override { return shape_; }
    int                    layers() const override { return static_cast<int>(layers_.size()); }
    const Rope *           rope(int /*layer*/) const override { return rope_ ? &*rope_ : nullptr; }

    /// Layers with experts are of another kind.
    int kind(int layer) const override { return layers_[layer].experts.router == nullptr ? 0 : 1; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                        const AbsolutePositions & positions) const override;
    Projections   project(const GraphContext & ctx, int layer, ggml_tensor * x) const override;
    ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x,
                               ggml_tensor * heads) const override;

protected:
    /// Adds absolute position embeddings to the token embeddings x; nothing by default.
    virtual ggml_tensor * add_positions(const GraphContext & ctx, ggml_tensor * x,
                                        const AbsolutePositions & positions) const;

    Weights        weights_;
    AttentionShape shape_;
    float          eps_; ///< of the norms

private:
    struct Layer {
        QkvWeights  qkv;
        Linear      attention_output;
        Norm        attention_norm;
        Norm        second_attention_norm; ///< over the sum with the layer's input once more; empty in most models
        FeedForward feed_forward;
        Experts     experts; ///< in place of the feed-forward part; empty in most layers
        Norm        output_norm;
    };

    std::optional<Rope> rope_;
    ggml_tensor *       token_embedding_;
    ggml_tensor *       segment_embedding_; ///< null in files without one
    Norm                embedding_norm_;
    std::vector<Layer>  layers_;
};

} // namespace longembed
