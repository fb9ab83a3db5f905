#pragma once

#include "post_norm_encoder.h"

namespace longembed {

/// `bert` (E5, GTE, BGE, Contriever, MiniLM): absolute positions, GELU.
class Bert : public PostNormEncoder {
public:
    explicit Bert(const llama_model & model);

    int64_t position_rows() const override { return position_embedding_->ne[1]; }

protected:
    ggml_tensor * add_positions(const GraphContext & ctx, ggml_tensor * x, const AbsolutePositions & positions) const override;
    ggml_tensor * add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const override;

private:
    ggml_tensor * position_embedding_;  ///< [dimensions, rows]
};

} // namespace longembed
