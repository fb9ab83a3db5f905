#pragma once

#include "post_norm_encoder.h"

namespace longembed {

/// `jina-bert-v3` (E5-RoPE as GGUF): BERT with rotary positions in NeoX order.
class JinaBertV3 : public PostNormEncoder {
public:
    explicit JinaBertV3(const llama_model & model);

    const Rope * rope() const override { return &rope_; }

protected:
    ggml_tensor * add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const override;

private:
    Rope rope_;
};

} // namespace longembed
