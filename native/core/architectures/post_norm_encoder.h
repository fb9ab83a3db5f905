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
    /// In what they differ.
    struct Options {
        Rotation   rotation;
        Activation activation;
        bool       gated; ///< the feed-forward part has a gate
    };

    PostNormEncoder(const llama_model & model, const Options & options);

    /// Names the tensors of every such model.
    /// @throws InvalidFile
    static void list_tensors(TensorInventory & tensors, const ModelSizes & sizes, const Options & options);

    const AttentionShape & attention(int /*layer*/) const override { return shape_; }
    const Rope *           rope(int /*layer*/) const override { return rope_ ? &*rope_ : nullptr; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                        const AbsolutePositions & positions) const override;
    Projections   project(const GraphContext & ctx, int layer, ggml_tensor * x) const override;
    ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x,
                               ggml_tensor * heads) const override;

protected:
    /// Adds absolute position embeddings to the token embeddings x; nothing by default.
    virtual ggml_tensor * add_positions(const GraphContext & ctx, ggml_tensor * x,
                                        const AbsolutePositions & positions) const;

    Weights weights_;

private:
    struct Layer {
        QkvWeights  qkv;
        Linear      attention_output;
        Norm        attention_norm;
        FeedForward feed_forward;
        Norm        output_norm;
    };

    AttentionShape      shape_;
    std::optional<Rope> rope_;
    float               eps_;
    ggml_tensor *       token_embedding_;
    ggml_tensor *       segment_embedding_; ///< null in files without one
    Norm                embedding_norm_;
    std::vector<Layer>  layers_;
};

} // namespace longembed
