#include "facts.h"

#include "architectures/table.h"
#include "ggml-backend.h"
#include "llama-model.h"

const char * llama_ftype_name(llama_ftype ftype); // llama-model-loader.cpp

namespace longembed {

namespace {

PositionEncoding position_encoding(const llama_model & model) {
    if (model.pos_embd != nullptr) {
        return PositionEncoding::absolute;
    }
    if (model.hparams.use_alibi) {
        return PositionEncoding::alibi;
    }
    if (model.hparams.n_rel_attn_bkts > 0) {
        return PositionEncoding::relative;
    }
    return model.hparams.rope_type == LLAMA_ROPE_TYPE_NONE ? PositionEncoding::none : PositionEncoding::rope;
}

FilePooling pooling(const llama_model & model) {
    switch (model.hparams.pooling_type) {
        case LLAMA_POOLING_TYPE_MEAN: return FilePooling::mean;
        case LLAMA_POOLING_TYPE_CLS: return FilePooling::cls;
        case LLAMA_POOLING_TYPE_LAST: return FilePooling::last;
        case LLAMA_POOLING_TYPE_RANK: return FilePooling::rank;
        default: break;
    }
    // llama.cpp reads a missing key as "none"
    return model.gguf_kv.count(model.arch_name() + ".pooling_type") > 0 ? FilePooling::none : FilePooling::unspecified;
}

/// Of our own graph's vectors.
int32_t dimensions(const llama_model & model) {
    const std::optional<Head> head = Head::of(Weights(model));
    return head ? static_cast<int32_t>(head->dimensions()) : static_cast<int32_t>(model.hparams.n_embd);
}

/// Tokens that a sliding window has on either side; of a window on one side, those before.
int32_t sliding_reach(const llama_model & model) {
    const auto window = static_cast<int32_t>(model.hparams.n_swa);
    return model.hparams.swa_type == LLAMA_SWA_TYPE_SYMMETRIC ? window / 2 : window - 1;
}

/// A layer that strategies change: one without a sliding window, if there is any.
uint32_t extended_layer(const llama_model & model) {
    const uint32_t layers = model.hparams.n_layer();
    for (uint32_t layer = 0; layer < layers; ++layer) {
        if (!model.hparams.is_swa(layer)) {
            return layer;
        }
    }
    return 0;
}

bool is_array(const std::string & text) {
    return !text.empty() && text.front() == '[';
}

} // namespace

const char * name_of(PositionEncoding encoding) {
    switch (encoding) {
        case PositionEncoding::absolute: return "absolute";
        case PositionEncoding::rope: return "rope";
        case PositionEncoding::alibi: return "alibi";
        case PositionEncoding::relative: return "relative";
        case PositionEncoding::none: return "none";
    }
    return "none";
}

Facts read_facts(const llama_model & model) {
    const llama_hparams & h = model.hparams;
    Facts                 facts;
    facts.architecture = model.arch_name();
    for (const auto & pair : model.gguf_kv) {
        if (!is_array(pair.second)) {
            facts.metadata.insert(pair);
        }
    }
    const auto name = model.gguf_kv.find("general.name");
    facts.name      = name == model.gguf_kv.end() ? "" : name->second;

    const auto reason   = unsupported_reason(model);
    facts.engine        = reason ? EngineKind::llama_context : EngineKind::graph;
    facts.engine_reason = reason.value_or("");

    facts.layers     = static_cast<int32_t>(h.n_layer());
    facts.dimensions = reason ? static_cast<int32_t>(h.n_embd_out()) : dimensions(model);
    for (uint32_t layer = 0; layer < h.n_layer(); ++layer) {
        facts.sliding_layers += h.is_swa(layer) ? 1 : 0;
    }
    facts.reach          = facts.sliding_layers > 0 ? sliding_reach(model) : 0;
    facts.heads          = static_cast<int32_t>(h.n_head());
    facts.kv_heads       = static_cast<int32_t>(h.n_head_kv());
    facts.feed_forward   = static_cast<int32_t>(h.n_ff());
    facts.parameters     = model.n_elements();
    facts.size_bytes     = model.size();
    facts.quantization   = llama_ftype_name(model.ftype());
    facts.context_length = static_cast<int32_t>(h.n_ctx_train);

    facts.position_encoding = position_encoding(model);
    facts.position_rows     = model.pos_embd != nullptr ? static_cast<int32_t>(model.pos_embd->ne[1]) : 0;
    if (facts.position_encoding == PositionEncoding::rope) {
        facts.rope_base       = h.rope_freq_base_train;
        facts.rope_scale      = h.rope_freq_scale_train;
        facts.rope_dimensions = static_cast<int32_t>(h.n_rot(extended_layer(model)));
    }
    facts.causal  = is_causal(model);
    facts.pooling = pooling(model);

    for (const llama_device & device : model.devices) {
        facts.device += (facts.device.empty() ? "" : ", ") + std::string(ggml_backend_dev_name(device.dev));
    }
    if (facts.device.empty()) {
        facts.device = "CPU";
    }
    for (int32_t layer = 0; layer < facts.layers; ++layer) {
        const ggml_backend_dev_t device = model.dev_layer(layer);
        const std::string        name   = ggml_backend_dev_name(device);
        if (facts.placement.empty() || facts.placement.back().device != name) {
            facts.placement.push_back({name, 0});
        }
        ++facts.placement.back().layers;
        facts.gpu_layers += ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU ? 0 : 1;
    }
    return facts;
}

} // namespace longembed
