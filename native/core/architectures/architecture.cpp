#include "architecture.h"

#include <cmath>

#include "llama-model.h"
#include "ops/ops.h"
#include "table.h"

namespace longembed {

namespace {

/// Encoders that run in llama.cpp's context.
bool is_other_encoder(llm_arch id) {
    return id == LLM_ARCH_NEO_BERT || id == LLM_ARCH_EUROBERT;
}

} // namespace

AttentionShape AttentionShape::of(const llama_model & model, int layer) {
    const llama_hparams & h = model.hparams;
    AttentionShape        shape;
    shape.head_size = h.n_embd_head_k();
    shape.heads     = h.n_head();
    shape.kv_heads  = h.n_head_kv();
    shape.scale     = 1.0f / std::sqrt(static_cast<float>(shape.head_size));
    shape.causal    = is_causal(model);
    if (h.is_swa(layer)) {
        shape.reach = h.n_swa / 2; // a symmetric window: unsupported_reason() refuses others
    }
    return shape;
}

bool is_causal(const llama_model & model) {
    // files of encoders need not say that they attend both ways, and llama.cpp's context does not ask
    const ArchitectureEntry * entry = find_architecture(model.arch);
    return model.hparams.causal_attn && !(entry != nullptr ? entry->encodes : is_other_encoder(model.arch));
}

const Rope * Architecture::rope_where(bool sliding) const {
    for (int layer = 0; layer < layers(); ++layer) {
        if (attention(layer).slides() == sliding) {
            return rope(layer);
        }
    }
    return nullptr;
}

Projections Architecture::project(const GraphContext & ctx, const QkvWeights & weights, const AttentionShape & shape,
                                  ggml_tensor * x) {
    const auto by_head = [&](const Linear & layer, int64_t heads) {
        return ggml_reshape_3d(ctx, linear(ctx, layer, x), shape.head_size, heads, x->ne[1]);
    };
    return {by_head(weights.q, shape.heads), by_head(weights.k, shape.kv_heads), by_head(weights.v, shape.kv_heads)};
}

} // namespace longembed
