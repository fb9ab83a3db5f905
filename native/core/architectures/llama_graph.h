#pragma once

#include <vector>

#include "architecture.h"

namespace longembed {

/// `llama` (Mistral and E5-Mistral too): RMS norm before each part, grouped-query attention, rotary positions in
/// interleaved order, SwiGLU.
class LlamaGraph : public Architecture {
public:
    explicit LlamaGraph(const llama_model & model);

    const AttentionShape & attention() const override { return shape_; }
    const Rope *           rope() const override { return &rope_; }
    const QkvWeights &     qkv(int layer) const override { return layers_[layer].qkv; }

    ggml_tensor * embed(const GraphContext & ctx, ggml_tensor * tokens, const AbsolutePositions & positions) const override;
    ggml_tensor * attention_input(const GraphContext & ctx, int layer, ggml_tensor * x) const override;
    ggml_tensor * finish_layer(const GraphContext & ctx, int layer, ggml_tensor * x, ggml_tensor * heads) const override;
    ggml_tensor * finish(const GraphContext & ctx, ggml_tensor * x) const override;

private:
    struct Layer {
        Norm       attention_norm;
        QkvWeights qkv;
        Linear     attention_output;
        Norm       feed_forward_norm;
        Linear     gate;
        Linear     up;
        Linear     down;
    };

    Weights            weights_;
    AttentionShape     shape_;
    Rope               rope_;
    float              eps_;
    ggml_tensor *      token_embedding_;
    Norm               output_norm_;
    std::vector<Layer> layers_;
};

} // namespace longembed
