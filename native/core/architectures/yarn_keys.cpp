#include "yarn_keys.h"

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "error.h"
#include "llama-model.h"
#include "table.h"

namespace longembed {

namespace {

std::string key_of(const llama_model & model, const char * name) {
    return model.arch_name() + ".rope.scaling.yarn_" + name;
}

std::optional<float> find(const llama_model & model, const char * name) {
    const auto entry = model.gguf_kv.find(key_of(model, name));
    return entry == model.gguf_kv.end() ? std::nullopt : std::optional(std::strtof(entry->second.c_str(), nullptr));
}

Error wrong(const llama_model & model, const char * name, float number, const std::string & why) {
    return Error(ErrorCode::model_invalid,
                 "The model's key \"" + key_of(model, name) + "\" is " + std::to_string(number) + ": " + why + ".");
}

float positive(const llama_model & model, const char * name, float fallback) {
    const float number = find(model, name).value_or(fallback);
    if (!(number > 0.0f)) {
        throw wrong(model, name, number, "it must be above 0");
    }
    return number;
}

} // namespace

void read_yarn_keys(llama_model & model) {
    llama_hparams & h = model.hparams;
    if (h.rope_scaling_type_train != LLAMA_ROPE_SCALING_TYPE_YARN || find_architecture(model.arch) == nullptr) {
        return;
    }
    h.yarn_beta_fast = positive(model, "beta_fast", h.yarn_beta_fast);
    h.yarn_beta_slow = positive(model, "beta_slow", h.yarn_beta_slow);

    const float extrapolation = find(model, "ext_factor").value_or(1.0f);
    if (extrapolation < 0.0f) {
        return; // llama.cpp wrote the file itself, with its defaults: an attention factor of 1 is one of them
    }
    if (extrapolation == 0.0f || extrapolation > 1.0f) {
        throw wrong(model, "ext_factor", extrapolation, "it must be above 0, and at most 1");
    }
    h.yarn_ext_factor = extrapolation;

    if (find(model, "attn_factor")) {
        const float attention = positive(model, "attn_factor", 1.0f);
        // transformers' attention_factor is all of the factor on cosines and sines; here it is one on YaRN's own
        const float factor  = 1.0f / h.rope_freq_scale_train;
        const float of_yarn = factor <= 1.0f ? 1.0f : 0.1f * std::log(factor) + 1.0f;
        const float beside  = attention / of_yarn;
        if (h.is_swa_any() && std::abs(beside - 1.0f) > 1e-5f) {
            throw wrong(model, "attn_factor", attention,
                        "in a model with sliding windows it can only be YaRN's own, " + std::to_string(of_yarn));
        }
        h.rope_attn_factor *= beside;
    }
}

} // namespace longembed
