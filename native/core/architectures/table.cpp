#include "table.h"

#include <algorithm>
#include <cstdlib>

#include "error.h"
#include "llama-model.h"
#include "llama.h"

namespace longembed {

namespace architectures {

extern const ArchitectureEntry bert, gemma_embedding, jina_bert_v2, jina_bert_v3, llama, modern_bert, nomic_bert,
    nomic_bert_moe, qwen2, qwen3, t5encoder;

} // namespace architectures

namespace {

const ArchitectureEntry * const entries[] = {
    &architectures::bert,         &architectures::gemma_embedding, &architectures::jina_bert_v2,
    &architectures::jina_bert_v3, &architectures::llama,           &architectures::modern_bert,
    &architectures::nomic_bert,   &architectures::nomic_bert_moe,  &architectures::qwen2,
    &architectures::qwen3,        &architectures::t5encoder,
};

bool ends_with(const std::string & text, const std::string & end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Per-tensor scales (NVFP4, BitNet) multiply products, which our graph would not do.
bool has_weight_scales(const llama_model & model) {
    const auto & tensors = llama_internal_get_tensor_map(&model);
    return std::any_of(tensors.begin(), tensors.end(), [](const auto & named) {
        return ends_with(named.first, ".scale") || ends_with(named.first, ".input_scale");
    });
}

/// T5's layers after the first usually share its biases by distance, UMT5's have their own.
bool has_distance_biases_by_layer(const llama_model & model) {
    const auto & tensors = llama_internal_get_tensor_map(&model);
    return std::any_of(tensors.begin(), tensors.end(), [](const auto & named) {
        return ends_with(named.first, ".attn_rel_b.weight") && named.first != "enc.blk.0.attn_rel_b.weight";
    });
}

} // namespace

const ArchitectureEntry * find_architecture(llm_arch id) {
    const auto * found =
        std::find_if(std::begin(entries), std::end(entries), [id](const auto * entry) { return entry->id == id; });
    return found == std::end(entries) ? nullptr : *found;
}

bool prefers_llama_context() {
    const char * engine = std::getenv("LONGEMBED_ENGINE");
    return engine != nullptr && std::string(engine) == "llama_context";
}

std::optional<std::string> unsupported_reason(const llama_model & model) {
    const llama_hparams &     h     = model.hparams;
    const ArchitectureEntry * entry = find_architecture(model.arch);
    if (entry == nullptr) {
        return "longembed has no graph of its own for the architecture \"" + model.arch_name() + "\"";
    }
    if (prefers_llama_context()) {
        return "LONGEMBED_ENGINE says so";
    }
    if (h.n_expert > 0 && !entry->mixes_experts) {
        return "the model is a mixture of experts";
    }
    if (h.n_expert_groups > 1) {
        return "its experts are chosen by groups";
    }
    if (has_weight_scales(model)) {
        return "its weights have separate scale tensors";
    }
    const bool rescales = h.f_attention_scale != 0.0f && h.f_attention_scale != AttentionShape::of(model).scale;
    if (h.f_clamp_kqv != 0.0f || h.use_kq_norm || rescales) {
        return "its attention clamps, normalises or rescales queries and keys";
    }
    if (h.rope_scaling_type_train == LLAMA_ROPE_SCALING_TYPE_LONGROPE) {
        return "it uses LongRoPE scaling";
    }
    if (h.is_swa_any() && !(entry->slides && h.swa_type == LLAMA_SWA_TYPE_SYMMETRIC)) {
        return "it uses sliding-window attention";
    }
    for (uint32_t layer = 1; layer < h.n_layer(); ++layer) {
        if (h.n_expert_used(layer) != h.n_expert_used()) {
            return "its layers have different numbers of experts in use";
        }
    }
    if (has_distance_biases_by_layer(model)) {
        return "its layers have biases by distance of their own";
    }
    if (h.n_embd_head_k() != h.n_embd_head_v()) {
        return "its keys and values have different sizes";
    }
    return std::nullopt;
}

std::unique_ptr<Architecture> make_architecture(const llama_model & model) {
    const ArchitectureEntry * entry = find_architecture(model.arch);
    if (entry == nullptr) {
        throw Error(ErrorCode::architecture_unsupported,
                    "There is no graph for the architecture \"" + model.arch_name() + "\".");
    }
    return entry->make(model);
}

bool is_rotary(const std::string & name) {
    const llm_arch id = llm_arch_from_string(name);
    if (const ArchitectureEntry * entry = find_architecture(id)) {
        return entry->rotation != Rotation::none;
    }
    if (id == LLM_ARCH_UNKNOWN) {
        return false;
    }
    try {
        // llama.cpp answers this about a model only, but an empty one does
        const std::unique_ptr<llama_model> empty(llama_model_create(id, llama_model_default_params()));
        return llama_model_rope_type(empty.get()) != LLAMA_ROPE_TYPE_NONE;
    } catch (const std::exception &) {
        return false; // not a text model
    }
}

} // namespace longembed
