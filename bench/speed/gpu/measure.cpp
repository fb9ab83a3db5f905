// Measures one model file on one backend: one JSON line per run on stdout.
//
//   longembed-gpu-bench MODEL [--backend NAME] [--gpu-layers N] [--threads N] [--repeat N] [--native N] [--target N]
//                       [--plan-tokens N] [--check-device 0|1] [--vectors FILE] [--fake-gpus MB,MB,…]
//                       METHODxLENGTHxCOUNT…
//
// A run such as ntkx32768x1 embeds COUNT sequences of LENGTH random tokens in one call, --repeat times after one call
// that is not counted. --fake-gpus adds simulated GPUs with these sizes of memory (fake_gpu.h).
// --vectors writes the vectors of all runs, F32 in order, for a comparison between backends.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#if defined(__unix__)
#include <sys/resource.h>
#endif

#include "devices/devices.h"
#include "fake_gpu.h"
#include "model.h"
#include "strategies.h"

namespace {

struct Run {
    std::string text;
    std::string method;
    int64_t     length = 0;
    int64_t     count  = 0;
};

struct Arguments {
    std::string                        model;
    std::map<std::string, std::string> options;
    std::vector<Run>                   runs;

    int64_t number(const std::string & name, int64_t fallback) const {
        const auto found = options.find(name);
        return found == options.end() ? fallback : std::stoll(found->second);
    }
    std::string text(const std::string & name, const std::string & fallback) const {
        const auto found = options.find(name);
        return found == options.end() ? fallback : found->second;
    }
};

Run run_of(const std::string & text) {
    const size_t first = text.find('x');
    const size_t last  = text.rfind('x');
    if (first == std::string::npos || first == last) {
        throw std::runtime_error("a run has the form METHODxLENGTHxCOUNT, not " + text);
    }
    return {text, text.substr(0, first), std::stoll(text.substr(first + 1, last - first - 1)),
            std::stoll(text.substr(last + 1))};
}

Arguments parse(int argc, char ** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word.rfind("--", 0) == 0 && i + 1 < argc) {
            arguments.options[word.substr(2)] = argv[++i];
        } else if (arguments.model.empty()) {
            arguments.model = word;
        } else {
            arguments.runs.push_back(run_of(word));
        }
    }
    return arguments;
}

/// "8000,4000" in bytes
std::vector<uint64_t> megabytes_of(const std::string & list) {
    std::vector<uint64_t> sizes;
    std::istringstream    words(list);
    for (std::string word; std::getline(words, word, ',');) {
        sizes.push_back(std::stoull(word) * 1000000);
    }
    return sizes;
}

/// Bytes in use on all GPUs together, by all processes: the measured machine should have no other user.
int64_t gpu_bytes_used() {
    int64_t used = 0;
    for (const longembed::Device & device : longembed::devices()) {
        if (device.kind == longembed::DeviceKind::gpu) {
            used += static_cast<int64_t>(device.memory_total) - static_cast<int64_t>(device.memory_free);
        }
    }
    return used;
}

/// Peak main memory of this process in bytes; 0 where the system does not report it.
int64_t peak_process_bytes() {
#if defined(__linux__)
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<int64_t>(usage.ru_maxrss) * 1024;
#else
    return 0;
#endif
}

/// BOS, words of the vocabulary, EOS; the same for every backend.
std::vector<int32_t> random_tokens(const Run & run, int32_t vocabulary) {
    std::vector<int32_t> tokens;
    uint32_t             state = 12345;
    for (int64_t s = 0; s < run.count; ++s) {
        for (int64_t i = 0; i < run.length; ++i) {
            state              = state * 1664525u + 1013904223u;
            const int32_t word = 259 + static_cast<int32_t>((state >> 8) % static_cast<uint32_t>(vocabulary - 259));
            tokens.push_back(i == 0 ? 1 : i == run.length - 1 ? 2 : word);
        }
    }
    return tokens;
}

class Bench {
public:
    explicit Bench(const Arguments & arguments) : arguments_(arguments), used_before_(gpu_bytes_used()) {
        longembed::LoadOptions options;
        options.backend        = arguments.text("backend", "auto");
        options.gpu_layers     = static_cast<int>(arguments.number("gpu-layers", -1));
        options.plan_tokens    = static_cast<int>(arguments.number("plan-tokens", 0));
        options.check_device   = arguments.number("check-device", 1) != 0;
        options.threads        = static_cast<int>(arguments.number("threads", 0));
        const auto started     = now();
        model_                 = longembed::Model::load(arguments.model, options, control_);
        load_seconds_          = now() - started;
        used_loaded_           = gpu_bytes_used();
        const std::string path = arguments.text("vectors", "");
        if (!path.empty()) {
            vectors_.open(path, std::ios::binary);
        }
    }

    void describe() const {
        const longembed::Facts & facts = model_->facts();
        std::string              placement;
        for (const auto & share : facts.placement) {
            placement += (placement.empty() ? "" : ", ") + share.device + ": " + std::to_string(share.layers);
        }
        std::printf("{\"model\": \"%s\", \"quantization\": \"%s\", \"size_bytes\": %llu, \"parameters\": %llu, "
                    "\"placement\": \"%s\", \"gpu_layers\": %d, "
                    "\"layers\": %d, \"dimensions\": %d, \"heads\": %d, \"threads\": %d, \"load_seconds\": %.3f, "
                    "\"gpu_bytes_weights\": %lld}\n",
                    facts.name.c_str(), facts.quantization.c_str(), static_cast<unsigned long long>(facts.size_bytes),
                    static_cast<unsigned long long>(facts.parameters), placement.c_str(), facts.gpu_layers,
                    facts.layers, facts.dimensions, facts.heads, facts.threads, load_seconds_,
                    static_cast<long long>(used_loaded_ - used_before_));
        std::fflush(stdout);
    }

    void measure(const Run & run) {
        const std::vector<int32_t> tokens = random_tokens(run, model_->vocabulary().size());
        const std::vector<int32_t> lengths(run.count, static_cast<int32_t>(run.length));
        const longembed::Facts &   facts = model_->facts();
        const StrategyPlan         plan(run.method, run.length, run.count, arguments_.number("native", 4096),
                                        arguments_.number("target", 32768), facts.rope_base);

        longembed::Batch batch;
        batch.tokens      = tokens.data();
        batch.n_tokens    = static_cast<int64_t>(tokens.size());
        batch.lengths     = lengths.data();
        batch.n_sequences = run.count;
        batch.pooling     = longembed::Pooling::last;
        plan.apply_to(batch);

        std::vector<float> vectors(run.count * facts.dimensions);
        std::string        seconds;
        for (int64_t i = 0; i <= arguments_.number("repeat", 3); ++i) {
            const auto started = now();
            model_->embed(batch, vectors.data(), control_);
            // the first call allocates memory and triggers the driver's compilation
            if (i > 0) {
                char text[32];
                std::snprintf(text, sizeof(text), "%s%.6f", i == 1 ? "" : ", ", now() - started);
                seconds += text;
            }
        }
        if (vectors_.is_open()) {
            vectors_.write(reinterpret_cast<const char *>(vectors.data()),
                           static_cast<std::streamsize>(vectors.size() * sizeof(float)));
        }
        std::printf("{\"run\": \"%s\", \"method\": \"%s\", \"length\": %lld, \"count\": %lld, \"seconds\": [%s], "
                    "\"gpu_bytes\": %lld, \"peak_process_bytes\": %lld}\n",
                    run.text.c_str(), run.method.c_str(), static_cast<long long>(run.length),
                    static_cast<long long>(run.count), seconds.c_str(),
                    static_cast<long long>(gpu_bytes_used() - used_before_),
                    static_cast<long long>(peak_process_bytes()));
        std::fflush(stdout);
    }

private:
    static double now() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    const Arguments &                 arguments_;
    const int64_t                     used_before_;
    int64_t                           used_loaded_  = 0;
    double                            load_seconds_ = 0.0;
    longembed::Control                control_;
    std::unique_ptr<longembed::Model> model_;
    std::ofstream                     vectors_;
};

} // namespace

int main(int argc, char ** argv) {
    try {
        const Arguments arguments = parse(argc, argv);
        if (arguments.model.empty() || arguments.runs.empty()) {
            std::fprintf(
                stderr,
                "usage: longembed-gpu-bench MODEL [--backend NAME] [--gpu-layers N] [--threads N] "
                "[--repeat N] [--native N] [--target N] "
                "[--plan-tokens N] [--check-device 0|1] [--vectors FILE] [--fake-gpus MB,MB,…] METHODxLENGTHxCOUNT…\n");
            return 2;
        }
        if (const std::string sizes = arguments.text("fake-gpus", ""); !sizes.empty()) {
            register_fake_gpus(megabytes_of(sizes));
        }
        Bench bench(arguments);
        bench.describe();
        for (const Run & run : arguments.runs) {
            bench.measure(run);
        }
    } catch (const longembed::Error & error) {
        std::fprintf(stderr, "%s: %s\n", longembed::error_name(error.code()), error.what());
        return 1;
    } catch (const std::exception & error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
