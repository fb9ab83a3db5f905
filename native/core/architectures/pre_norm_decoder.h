#pragma once

#include <optional>
#include <vector>

#include "architecture.h"
#include "model_file/tensor_inventory.h"
#include "ops/ops.h"

namespace longembed {

/// What the Llama family shares: RMS norm before attention and before the feed-forward part ("pre-norm"), grouped-query
/// attention, causal unless the file says otherwise, and SwiGLU.
class PreNormDecoder : public Architecture {
public:
    PreNormDecoder(const llama_model & model, Rotation rotation);

    /// Names the tensors of every such model.
    /// @throws InvalidFile
    static void list_tensors(TensorInventory & tensors, const ModelSizes & sizes);

    const AttentionShape & attention(int /*layer*/) const override { return shape_; }
    int                    layers() const override { return static_cast<int>(layers_.size()); }
    const Rope *           rope(int /*layer*/) const override { return rope_ ? &*rope_ : nullptr; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens,
                        const AbsolutePositions & positions) const override;
    Projections   project(const GraphContext & ctx, int layer, ggml_tensor * x) const override;
    ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x,
                               ggml_tensor * heads) const override;
    ggml_tensor * finish(const GraphContext & ctx, ggml_tensor * x) const override;

protected:
    Weights weights_;
    float   eps_; ///< of the RMS norms

private:
    struct Layer {
        Norm        attention_norm;
        QkvWeights  qkv;
        Linear      attention_output;
        Norm        feed_forward_norm;
        FeedForward feed_forward;
    };

    AttentionShape      shape_;
    std::optional<Rope> rope_;
    ggml_tensor *       token_embedding_;
    Norm                output_norm_;
    std::vector<Layer>  layers_;
};

} // namespace longembed
