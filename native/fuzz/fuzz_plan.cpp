// Interprets bytes as batches for intact models: tokens, lengths, positions, scales, self-extend and RoPE of any value.
// Each batch must give an error or a finite vector per sequence.
//
// LONGEMBED_FUZZ_MODELS: paths of model files, separated by colons.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "error.h"
#include "model.h"

namespace {

// more would only be slower
constexpr int32_t max_tokens = 200;

std::vector<std::unique_ptr<longembed::Model>> load_models() {
    std::vector<std::unique_ptr<longembed::Model>> models;
    const char *                                   paths = std::getenv("LONGEMBED_FUZZ_MODELS");
    std::istringstream                             list(paths == nullptr ? "" : paths);
    for (std::string path; std::getline(list, path, ':');) {
        for (const int threads : {1, 2}) {
            longembed::LoadOptions options;
            options.threads = threads;
            options.backend = "cpu";
            longembed::Control control;
            models.push_back(longembed::Model::load(path, options, control));
        }
    }
    if (models.empty()) {
        std::fprintf(stderr, "LONGEMBED_FUZZ_MODELS names no model\n");
        std::exit(2);
    }
    return models;
}

/// Usually a value that a caller could give, sometimes any bits.
int32_t whole(FuzzedDataProvider & data, int32_t min, int32_t max) {
    return data.ConsumeProbability<float>() < 0.95f ? data.ConsumeIntegralInRange(min, max)
                                                    : data.ConsumeIntegral<int32_t>();
}

float real(FuzzedDataProvider & data, float min, float max) {
    if (data.ConsumeProbability<float>() < 0.9f) {
        return data.ConsumeFloatingPointInRange(min, max);
    }
    constexpr float odd[] = {0.0f, -0.0f, -1.0f, 1e-45f, 1e38f, 16777217.0f, INFINITY, -INFINITY, NAN};
    return data.PickValueInArray(odd);
}

struct Plan {
    explicit Plan(FuzzedDataProvider & data, const longembed::Facts & facts, int32_t vocabulary) {
        const int32_t sequences = data.ConsumeIntegralInRange(0, 6);
        for (int32_t i = 0; i < sequences; ++i) {
            lengths.push_back(whole(data, 0, max_tokens / 6));
        }
        int64_t sum = 0;
        for (const int32_t length : lengths) {
            sum += length;
        }
        // the count of tokens may be wrong; the addon checks that positions and scales have as many
        const int64_t count          = data.ConsumeProbability<float>() < 0.9f && sum >= 0 && sum <= max_tokens
                                           ? sum
                                           : data.ConsumeIntegralInRange(0, max_tokens);
        const bool    fractions      = data.ConsumeBool();
        const int32_t last           = facts.position_rows > 0 ? facts.position_rows : 1000;
        const bool    with_positions = data.ConsumeProbability<float>() < 0.3f;
        const bool    with_scales    = data.ConsumeProbability<float>() < 0.3f;
        for (int64_t i = 0; i < count; ++i) {
            tokens.push_back(whole(data, 0, vocabulary - 1));
            if (with_positions) {
                const float position = real(data, 0.0f, static_cast<float>(last));
                positions.push_back(fractions ? position : std::floor(position));
            }
            if (with_scales) {
                scales.push_back(real(data, 0.5f, 3.0f));
            }
        }
        batch.tokens      = tokens.data();
        batch.n_tokens    = count;
        batch.lengths     = lengths.data();
        batch.n_sequences = sequences;
        batch.positions   = positions.empty() ? nullptr : positions.data();
        batch.logit_scale = scales.empty() ? nullptr : scales.data();
        if (data.ConsumeProbability<float>() < 0.3f) {
            batch.self_extend_group  = whole(data, 0, 20);
            batch.self_extend_window = whole(data, 0, 40);
        }
        if (data.ConsumeProbability<float>() < 0.3f) {
            batch.rope_base  = real(data, 1.0f, 1e7f);
            batch.rope_scale = real(data, 0.01f, 4.0f);
        }
        constexpr longembed::Pooling poolings[] = {longembed::Pooling::mean, longembed::Pooling::cls,
                                                   longembed::Pooling::last};
        batch.pooling                           = data.PickValueInArray(poolings);
    }

    Plan(const Plan &)             = delete;
    Plan & operator=(const Plan &) = delete;

    std::vector<int32_t> tokens;
    std::vector<int32_t> lengths;
    std::vector<float>   positions;
    std::vector<float>   scales;
    longembed::Batch     batch;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t * bytes, size_t size) {
    static const auto models = load_models();

    FuzzedDataProvider data(bytes, size);
    longembed::Model & model = *models[data.ConsumeIntegralInRange<size_t>(0, models.size() - 1)];
    const Plan         plan(data, model.facts(), model.vocabulary().size());
    longembed::Control control;
    const auto         dimensions = static_cast<size_t>(model.facts().dimensions);
    std::vector<float> vectors(plan.lengths.size() * dimensions, std::numeric_limits<float>::quiet_NaN());
    try {
        model.embed(plan.batch, vectors.data(), control);
    } catch (const longembed::Error &) {
        return 0;
    }
    for (const float number : vectors) {
        if (!std::isfinite(number)) {
            abort(); // neither an error nor a finite vector
        }
    }
    return 0;
}
