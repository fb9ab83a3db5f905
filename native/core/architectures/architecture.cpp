#include "architecture.h"

#include <cmath>

#include "bert.h"
#include "error.h"
#include "jina_bert_v3.h"
#include "llama-model.h"
#include "llama_graph.h"
#include "nomic_bert.h"

namespace longembed {

namespace {

bool ends_with(const std::string & text, const std::string & end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Per-tensor scales (NVFP4, BitNet) multiply products that our graph would leave bare.
bool has_weight_scales(const llama_model & model) {
    for (const auto & named : llama_internal_get_tensor_map(&model)) {
        if (ends_with(named.first, ".scale") || ends_with(named.first, ".input_scale")) {
            return true;
        }
    }
    return false;
}

} // namespace

AttentionShape AttentionShape::of(const llama_model & model) {
    const llama_hparams & h = model.hparams;
    AttentionShape shape;
    shape.head_size = h.n_embd_head_k();
    shape.heads     = h.n_head();
    shape.kv_heads  = h.n_head_kv();
    shape.scale     = 1.0f / std::sqrt(static_cast<float>(shape.head_size));
    shape.causal    = h.causal_attn;
    return shape;
}

std::optional<std::string> why_not_own_graph(const llama_model & model) {
    const llama_hparams & h = model.hparams;
    switch (model.arch) {
        case LLM_ARCH_BERT:
        case LLM_ARCH_JINA_BERT_V3:
        case LLM_ARCH_NOMIC_BERT:
        case LLM_ARCH_LLAMA:
            break;
        default:
            return "longembed has no graph of its own for the architecture \"" + model.arch_name() + "\"";
    }
    if (h.n_expert > 0) {
        return "the model is a mixture of experts";
    }
    if (has_weight_scales(model)) {
        return "its weights have separate scale tensors";
    }
    if (h.f_clamp_kqv != 0.0f || h.use_kq_norm || h.f_attention_scale != 0.0f) {
        return "its attention clamps, normalises or rescales queries and keys";
    }
    if (h.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_LONGROPE) {
        return "it uses LongRoPE scaling";
    }
    if (h.is_swa_any()) {
        return "it uses sliding-window attention";
    }
    for (uint32_t layer = 1; layer < h.n_layer(); ++layer) {
        if (h.n_head(layer) != h.n_head() || h.n_head_kv(layer) != h.n_head_kv()) {
            return "its layers have different numbers of heads";
        }
    }
    if (h.n_embd_head_k() != h.n_embd_head_v()) {
        return "its keys and values have different sizes";
    }
    return std::nullopt;
}

std::unique_ptr<Architecture> make_architecture(const llama_model & model) {
    switch (model.arch) {
        case LLM_ARCH_BERT:         return std::make_unique<Bert>(model);
        case LLM_ARCH_JINA_BERT_V3: return std::make_unique<JinaBertV3>(model);
        case LLM_ARCH_NOMIC_BERT:   return std::make_unique<NomicBert>(model);
        case LLM_ARCH_LLAMA:        return std::make_unique<LlamaGraph>(model);
        default:
            throw Error(ErrorCode::architecture_unsupported, "There is no graph for the architecture \"" + model.arch_name() + "\".");
    }
}

} // namespace longembed
