#include "device_check.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "architectures/yarn_keys.h"
#include "batch.h"
#include "error.h"
#include "graph/graph_engine.h"
#include "llama-model.h"
#include "llama/context_engine.h"
#include "llama/llama_file.h"
#include "ops/weights.h"

namespace longembed {

namespace {

// Long enough for several blocks of a sequence, and for keys on both sides of self-extend's window.
constexpr int32_t long_tokens  = 150;
constexpr int32_t short_tokens = 24;
constexpr int64_t block_tokens = 64;
constexpr int32_t group        = 3;
constexpr int32_t window       = 24;

/// Layers that are compared at most: enough for each mixture of weight types in a file.
constexpr size_t max_layers = 4;

// The largest 1 − cosine that rounding explains. Products of quantized weights round activations to 8 bits on a GPU.
constexpr double allowed_full      = 5e-4;
constexpr double allowed_quantized = 5e-3;

/// Something to compute on both sides.
struct Trial {
    const char *         name;
    std::vector<int32_t> lengths;
    Pooling              pooling;
    bool                 self_extend = false;
    float                rope_base   = 0.0f;
};

std::vector<Trial> trials_for(const Facts & facts) {
    const Pooling one = facts.causal ? Pooling::last : Pooling::cls;
    const auto    cut = [&](int32_t tokens) {
        return facts.position_rows > 0 ? std::min(tokens, facts.position_rows) : tokens;
    };
    if (facts.engine != EngineKind::graph) {
        return {{"a short text", {cut(short_tokens)}, Pooling::mean}};
    }
    std::vector<Trial> trials = {{"a text of several blocks", {cut(long_tokens)}, Pooling::mean},
                                 {"a batch of texts", {cut(short_tokens), cut(short_tokens), cut(long_tokens)}, one}};
    if (facts.position_encoding == PositionEncoding::rope) {
        trials.push_back({"ntk", {short_tokens, short_tokens}, one, false, 3.0f * facts.rope_base});
        trials.push_back({"self-extend", {long_tokens}, Pooling::mean, true});
        trials.push_back({"self-extend of a batch", {short_tokens + 4, long_tokens}, one, true});
    }
    return trials;
}

/// The same ids on both sides; any id of a vocabulary will do.
std::vector<int32_t> ids_for(const Trial & trial, int32_t vocabulary) {
    std::vector<int32_t> ids;
    uint32_t             state = 1;
    for (const int32_t length : trial.lengths) {
        for (int32_t i = 0; i < length; ++i) {
            state = state * 1664525u + 1013904223u;
            ids.push_back(static_cast<int32_t>((state >> 8) % static_cast<uint32_t>(vocabulary)));
        }
    }
    return ids;
}

std::vector<float> vectors(Engine & engine, const Trial & trial, const Facts & facts, int32_t vocabulary,
                           Control & control) {
    const std::vector<int32_t> ids = ids_for(trial, vocabulary);
    const std::vector<float>   factors(ids.size(), 1.25f);

    Batch batch;
    batch.tokens      = ids.data();
    batch.n_tokens    = static_cast<int64_t>(ids.size());
    batch.lengths     = trial.lengths.data();
    batch.n_sequences = static_cast<int64_t>(trial.lengths.size());
    batch.pooling     = trial.pooling;
    batch.rope_base   = trial.rope_base;
    if (trial.self_extend) {
        batch.self_extend_group  = group;
        batch.self_extend_window = window;
        batch.logit_scale        = factors.data();
    }
    std::vector<float> out(trial.lengths.size() * facts.dimensions);
    engine.embed(batch, out.data(), control);
    return out;
}

/// Of the sequence that differs most; NaN if a vector has one.
double worst_distance(const std::vector<float> & a, const std::vector<float> & b, int32_t dimensions) {
    double worst = 0.0;
    for (size_t first = 0; first < a.size(); first += dimensions) {
        double dot = 0.0, left = 0.0, right = 0.0;
        for (size_t i = first; i < first + dimensions; ++i) {
            dot += static_cast<double>(a[i]) * b[i];
            left += static_cast<double>(a[i]) * a[i];
            right += static_cast<double>(b[i]) * b[i];
        }
        const double distance = 1.0 - dot / std::sqrt(left * right);
        if (!(distance <= worst)) {
            worst = distance;
        }
    }
    return worst;
}

/// One layer on GPUs for each mixture of weight types and device, the last ones first.
std::vector<int> layers_to_check(const llama_model & model, bool & quantized) {
    const int                  count = static_cast<int>(model.hparams.n_layer());
    std::map<int, std::string> kinds;
    for (const auto & [name, tensor] : llama_internal_get_tensor_map(&model)) {
        if (const int layer = layer_of(name); layer >= 0) {
            const size_t dot = name.find('.', name.find("blk.") + 4);
            kinds[layer] += name.substr(dot) + ggml_type_name(tensor->type) + ' ';
            quantized = quantized || ggml_is_quantized(tensor->type);
        }
    }
    std::set<std::string> seen;
    std::vector<int>      layers;
    for (int layer = count - 1; layer >= 0 && layers.size() < max_layers; --layer) {
        ggml_backend_dev_t device = model.dev_layer(layer);
        if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_CPU &&
            seen.insert(kinds[layer] + ggml_backend_dev_name(device)).second) {
            layers.push_back(layer);
        }
    }
    std::reverse(layers.begin(), layers.end());
    return layers;
}

std::unique_ptr<Engine> engine_for(const llama_model & model, const Facts & facts, const std::vector<int> & layers) {
    if (facts.engine == EngineKind::graph) {
        return std::make_unique<GraphEngine>(model, facts.threads, layers, block_tokens);
    }
    return std::make_unique<ContextEngine>(model, facts.threads);
}

/// What a comparison holds for: the file as it is now, and where its layers are.
std::string key_of(const std::string & path, const Facts & facts) {
    // the library's own unit may be one that only __int128 counts
    using Microseconds = std::chrono::duration<std::int64_t, std::micro>;
    std::error_code ignored;
    const auto      file    = std::filesystem::u8path(path); // Windows would take a string for its code page
    const auto      written = std::filesystem::last_write_time(file, ignored).time_since_epoch();
    std::string     key     = path + '|' + std::to_string(std::filesystem::file_size(file, ignored)) + '|' +
                              std::to_string(std::chrono::duration_cast<Microseconds>(written).count());
    for (const Facts::DeviceLayers & share : facts.placement) {
        key += '|' + share.device + ' ' + std::to_string(share.layers);
    }
    return key;
}

std::mutex            passed_mutex;
std::set<std::string> passed;

} // namespace

void check_devices(const llama_model & on_gpus, const std::string & path, bool mmap, const Facts & facts,
                   Control & control) {
    const std::string key = key_of(path, facts);
    {
        const std::lock_guard<std::mutex> lock(passed_mutex);
        if (passed.count(key) > 0) {
            return;
        }
    }
    bool                   quantized = false;
    const std::vector<int> layers    = layers_to_check(on_gpus, quantized);
    const auto             on_cpu    = load_llama_file(path, {}, WeightOrder::file, mmap, control);
    read_yarn_keys(*on_cpu);
    const auto    theirs  = engine_for(on_gpus, facts, layers);
    const auto    ours    = engine_for(*on_cpu, facts, layers);
    const int32_t words   = llama_vocab_n_tokens(llama_model_get_vocab(&on_gpus));
    const double  allowed = quantized ? allowed_quantized : allowed_full;

    for (const Trial & trial : trials_for(facts)) {
        const double distance = worst_distance(vectors(*theirs, trial, facts, words, control),
                                               vectors(*ours, trial, facts, words, control), facts.dimensions);
        if (!(distance <= allowed)) {
            char numbers[96];
            std::snprintf(numbers, sizeof(numbers), "1 - cosine is %.1e, and rounding explains %.0e", distance,
                          allowed);
            throw Error(ErrorCode::backend,
                        "The device " + facts.device + " computes this model wrongly: for " + trial.name +
                            ", compared with the CPU, " + numbers +
                            ". This is a fault of its driver or of ggml's support for it. Update the driver, or use "
                            "the CPU (backend \"cpu\"). The option checkDevice switches this comparison off.");
        }
    }
    const std::lock_guard<std::mutex> lock(passed_mutex);
    passed.insert(key);
}

} // namespace longembed
