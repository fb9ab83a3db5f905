#pragma once

#include "post_norm_encoder.h"

namespace longembed {

/// `nomic-bert`: BERT with rotary positions in NeoX order and SwiGLU.
class NomicBert : public PostNormEncoder {
public:
    explicit NomicBert(const llama_model & model);

    const Rope * rope() const override { return &rope_; }

protected:
    ggml_tensor * add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const override;

private:
    Rope rope_;
};

} // namespace longembed
