#include "table.h"

#include <algorithm>

#include "error.h"
#include "llama-model.h"
#include "llama.h"

namespace longembed {

namespace architectures {

extern const ArchitectureEntry bert, jina_bert_v3, llama, nomic_bert, qwen2, qwen3;

} // namespace architectures

namespace {

const ArchitectureEntry * const entries[] = {
    &architectures::bert,       &architectures::jina_bert_v3, &architectures::llama,
    &architectures::nomic_bert, &architectures::qwen2,        &architectures::qwen3,
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

} // namespace

const ArchitectureEntry * find_architecture(llm_arch id) {
    const auto * found =
        std::find_if(std::begin(entries), std::end(entries), [id](const auto * entry) { return entry->id == id; });
    return found == std::end(entries) ? nullptr : *found;
}

std::optional<std::string> unsupported_reason(const llama_model & model) {
    const llama_hparams & h = model.hparams;
    if (find_architecture(model.arch) == nullptr) {
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
