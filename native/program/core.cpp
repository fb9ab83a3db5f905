// Runs native/core without Node: for debuggers, sanitizers, and machines that have no Node.
//
//   longembed-core MODEL [OPTION …] < LINES
//
//     --pooling mean|cls|last   --threads N        --backend NAME     --precision full|bf16
//     --rope-base F             --rope-scale F     --group G --window W (self-extend's)
//     --repack no               does not hold weights once more in the kernels' order
//     --check-device 0          does not compare GPUs with the CPU first
//     --text                    reads texts and writes their token ids
//     --repeat N                computes the batch N times and reports the bytes that are allocated after a tenth of
//                               the calls and after all, if the C library knows
//
// Each line of the input is a sequence: token ids separated by spaces, special tokens included. Each line of the output
// is its pooled vector, not normalised. All sequences form one batch; stderr reports the time it took.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "model.h"

namespace {

struct Arguments {
    std::string                        model;
    std::map<std::string, std::string> options;
    bool                               text = false;

    std::string get(const std::string & name, const std::string & fallback) const {
        const auto found = options.find(name);
        return found == options.end() ? fallback : found->second;
    }
};

Arguments parse(int argc, char ** argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--text") {
            arguments.text = true;
        } else if (word.rfind("--", 0) == 0 && i + 1 < argc) {
            arguments.options[word.substr(2)] = argv[++i];
        } else {
            arguments.model = word;
        }
    }
    return arguments;
}

longembed::Pooling pooling_of(const std::string & name, longembed::FilePooling of_file) {
    if (name.empty()) {
        switch (of_file) {
            case longembed::FilePooling::cls: return longembed::Pooling::cls;
            case longembed::FilePooling::last: return longembed::Pooling::last;
            default: return longembed::Pooling::mean;
        }
    }
    return name == "cls"    ? longembed::Pooling::cls
           : name == "last" ? longembed::Pooling::last
                            : longembed::Pooling::mean;
}

template <typename Value> void print(const Value * values, size_t count, const char * format) {
    for (size_t i = 0; i < count; ++i) {
        std::printf(i == 0 ? "" : " ");
        std::printf(format, values[i]);
    }
    std::printf("\n");
}

/// Bytes that are allocated; 0 if the C library does not know.
size_t allocated_bytes() {
#if defined(__GLIBC__)
    return mallinfo2().uordblks + mallinfo2().hblkhd;
#else
    return 0;
#endif
}

void tokenize_lines(const longembed::Model & model) {
    std::string line;
    while (std::getline(std::cin, line)) {
        const std::vector<int32_t> tokens = model.vocabulary().tokenize(line);
        print(tokens.data(), tokens.size(), "%d");
    }
}

void embed_lines(longembed::Model & model, const Arguments & arguments, longembed::Control & control) {
    std::vector<int32_t> tokens;
    std::vector<int32_t> lengths;
    std::string          line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        const size_t       before = tokens.size();
        for (int32_t id = 0; words >> id;) {
            tokens.push_back(id);
        }
        lengths.push_back(static_cast<int32_t>(tokens.size() - before));
    }

    longembed::Batch batch;
    batch.tokens             = tokens.data();
    batch.n_tokens           = static_cast<int64_t>(tokens.size());
    batch.lengths            = lengths.data();
    batch.n_sequences        = static_cast<int64_t>(lengths.size());
    batch.pooling            = pooling_of(arguments.get("pooling", ""), model.facts().pooling);
    batch.rope_base          = std::stod(arguments.get("rope-base", "0"));
    batch.rope_scale         = std::stod(arguments.get("rope-scale", "1"));
    batch.self_extend_group  = std::stoi(arguments.get("group", "0"));
    batch.self_extend_window = std::stoi(arguments.get("window", "1"));

    const auto         dimensions = static_cast<size_t>(model.facts().dimensions);
    std::vector<float> vectors(lengths.size() * dimensions);
    const int          calls   = std::max(1, std::stoi(arguments.get("repeat", "1")));
    const auto         started = std::chrono::steady_clock::now();
    for (int call = 1; call <= calls; ++call) {
        model.embed(batch, vectors.data(), control);
        if (calls > 1 && (call == (calls + 9) / 10 || call == calls)) {
            std::fprintf(stderr, "%zu bytes allocated after %d calls\n", allocated_bytes(), call);
        }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    std::fprintf(stderr, "%zu tokens in %.3f s\n", tokens.size(), seconds.count());
    for (size_t i = 0; i < lengths.size(); ++i) {
        print(vectors.data() + i * dimensions, dimensions, "%.9g");
    }
}

} // namespace

int main(int argc, char ** argv) {
    const Arguments arguments = parse(argc, argv);
    if (arguments.model.empty()) {
        std::fprintf(stderr,
                     "usage: longembed-core MODEL [--pooling mean|cls|last] [--threads N] [--backend NAME] "
                     "[--precision full|bf16] "
                     "[--rope-base F] [--rope-scale F] [--group G --window W] [--repack no] [--text] [--repeat N] "
                     "< LINES\n");
        return 2;
    }
    try {
        longembed::LoadOptions options;
        options.threads      = std::atoi(arguments.get("threads", "0").c_str());
        options.backend      = arguments.get("backend", "auto");
        options.check_device = arguments.get("check-device", "1") != "0";
        options.precision =
            arguments.get("precision", "full") == "bf16" ? longembed::Precision::bf16 : longembed::Precision::full;
        if (arguments.get("repack", "") == "no") {
            options.repack = longembed::Repack::never;
        }
        longembed::Control control;
        const auto         model = longembed::Model::load(arguments.model, options, control);
        if (arguments.text) {
            tokenize_lines(*model);
        } else {
            embed_lines(*model, arguments, control);
        }
    } catch (const longembed::Error & error) {
        std::fprintf(stderr, "%s: %s\n", longembed::error_name(error.code()), error.what());
        return 2;
    } catch (const std::bad_alloc &) {
        std::fprintf(stderr, "ERR_OUT_OF_MEMORY: There is not enough memory.\n");
        return 2;
    } catch (const std::exception & error) {
        std::fprintf(stderr, "ERR_BACKEND: %s\n", error.what());
        return 2;
    }
    return 0;
}
