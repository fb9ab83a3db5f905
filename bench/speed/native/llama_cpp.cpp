// llama.cpp's side of the comparison, over its public API: loads once, then embeds the same sequences on each command.
//
//   speed-llama-cpp MODEL --flash on|off --batch N --ubatch N --threads N --pooling mean|cls|last --rope-base F
//
// Speaks the protocol of bench/speed/engines/protocol.mjs: on stdin the number of sequences, one line of token ids for
// each, then commands. Sequences go in batches of up to --batch tokens, in order.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "llama.h"

namespace {

using Sequence = std::vector<llama_token>;

struct Settings {
    std::string                        model;
    std::map<std::string, std::string> options;

    Settings(int argc, char ** argv) : model(argc > 1 ? argv[1] : "") {
        for (int i = 2; i + 1 < argc; i += 2) {
            options[std::string(argv[i]).substr(2)] = argv[i + 1];
        }
    }
    const std::string & at(const std::string & name) const { return options.at(name); }
    uint32_t            number(const std::string & name) const { return static_cast<uint32_t>(std::stoul(at(name))); }
};

/// Sequences first … end − 1 in one batch.
struct Range {
    size_t first;
    size_t end;
};

std::vector<Sequence> read_sequences() {
    std::string line;
    std::getline(std::cin, line);
    std::vector<Sequence> sequences(std::stoul(line));
    for (Sequence & sequence : sequences) {
        std::getline(std::cin, line);
        std::istringstream words(line);
        for (llama_token id; words >> id;) {
            sequence.push_back(id);
        }
    }
    return sequences;
}

std::vector<Range> pack(const std::vector<Sequence> & sequences, size_t batch_tokens) {
    const size_t       max_sequences = llama_max_parallel_sequences();
    std::vector<Range> ranges;
    size_t             tokens = 0;
    for (size_t i = 0; i < sequences.size(); ++i) {
        const bool joins =
            !ranges.empty() && tokens + sequences[i].size() <= batch_tokens && i - ranges.back().first < max_sequences;
        if (!joins) {
            ranges.push_back({i, i});
            tokens = 0;
        }
        ranges.back().end = i + 1;
        tokens += sequences[i].size();
    }
    return ranges;
}

enum llama_pooling_type pooling_of(const std::string & name) {
    if (name == "cls") {
        return LLAMA_POOLING_TYPE_CLS;
    }
    return name == "last" ? LLAMA_POOLING_TYPE_LAST : LLAMA_POOLING_TYPE_MEAN;
}

class Embedder {
public:
    Embedder(const Settings & settings, std::vector<Sequence> sequences)
        : sequences_(std::move(sequences)), ranges_(pack(sequences_, settings.number("batch"))) {
        llama_model_params model_params = llama_model_default_params();
        model_params.n_gpu_layers       = 0;
        model_                          = llama_model_load_from_file(settings.model.c_str(), model_params);
        if (model_ == nullptr) {
            throw std::runtime_error("llama.cpp cannot load the model");
        }
        size_t max_tokens    = 0;
        size_t max_sequences = 0;
        for (const Range & range : ranges_) {
            max_tokens    = std::max(max_tokens, tokens_of(range));
            max_sequences = std::max(max_sequences, range.end - range.first);
        }
        // llama.cpp reserves its graphs for equally long sequences
        max_tokens                  = (max_tokens + max_sequences - 1) / max_sequences * max_sequences;
        llama_context_params params = llama_context_default_params();
        params.n_batch              = static_cast<uint32_t>(max_tokens);
        params.n_ctx                = params.n_batch;
        params.n_ubatch =
            settings.number("ubatch") < settings.number("batch") ? settings.number("ubatch") : params.n_batch;
        params.n_seq_max       = static_cast<uint32_t>(max_sequences);
        params.kv_unified      = true;
        params.n_threads       = static_cast<int32_t>(settings.number("threads"));
        params.n_threads_batch = params.n_threads;
        params.embeddings      = true;
        params.pooling_type    = pooling_of(settings.at("pooling"));
        params.rope_freq_base  = std::stof(settings.at("rope-base"));
        params.flash_attn_type =
            settings.at("flash") == "on" ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
        context_ = llama_init_from_model(model_, params);
        if (context_ == nullptr) {
            throw std::runtime_error("llama.cpp cannot make a context");
        }
        batch_      = llama_batch_init(static_cast<int32_t>(max_tokens), 0, 1);
        dimensions_ = static_cast<size_t>(llama_model_n_embd_out(model_));
        vectors_.resize(sequences_.size() * dimensions_);
    }

    void run() {
        for (const Range & range : ranges_) {
            run(range);
        }
    }

    void print_vectors() const {
        for (size_t i = 0; i < sequences_.size(); ++i) {
            for (size_t d = 0; d < dimensions_; ++d) {
                std::printf("%s%.9g", d == 0 ? "" : " ", vectors_[i * dimensions_ + d]);
            }
            std::printf("\n");
        }
    }

private:
    size_t tokens_of(const Range & range) const {
        size_t tokens = 0;
        for (size_t i = range.first; i < range.end; ++i) {
            tokens += sequences_[i].size();
        }
        return tokens;
    }

    void run(const Range & range) {
        batch_.n_tokens = 0;
        for (size_t i = range.first; i < range.end; ++i) {
            for (size_t t = 0; t < sequences_[i].size(); ++t) {
                const int32_t at     = batch_.n_tokens++;
                batch_.token[at]     = sequences_[i][t];
                batch_.pos[at]       = static_cast<llama_pos>(t);
                batch_.n_seq_id[at]  = 1;
                batch_.seq_id[at][0] = static_cast<llama_seq_id>(i - range.first);
                batch_.logits[at]    = 1;
            }
        }
        if (llama_memory_t memory = llama_get_memory(context_); memory != nullptr) {
            llama_memory_clear(memory, true);
        }
        const int status =
            llama_get_memory(context_) == nullptr ? llama_encode(context_, batch_) : llama_decode(context_, batch_);
        if (status != 0) {
            throw std::runtime_error("llama.cpp failed with status " + std::to_string(status));
        }
        for (size_t i = range.first; i < range.end; ++i) {
            const float * vector = llama_get_embeddings_seq(context_, static_cast<llama_seq_id>(i - range.first));
            std::copy_n(vector, dimensions_, vectors_.begin() + static_cast<int64_t>(i * dimensions_));
        }
    }

    std::vector<Sequence> sequences_;
    std::vector<Range>    ranges_;
    llama_model *         model_   = nullptr;
    llama_context *       context_ = nullptr;
    llama_batch           batch_{};
    size_t                dimensions_ = 0;
    std::vector<float>    vectors_;
};

void print_errors(enum ggml_log_level level, const char * text, void *) {
    if (level == GGML_LOG_LEVEL_ERROR) {
        std::fputs(text, stderr);
    }
}

} // namespace

int main(int argc, char ** argv) {
    try {
        llama_log_set(print_errors, nullptr);
        llama_backend_init();
        Embedder embedder(Settings(argc, argv), read_sequences());
        std::printf("ready\n");
        std::fflush(stdout);
        std::string command;
        while (std::getline(std::cin, command)) {
            if (command == "run") {
                const auto start = std::chrono::steady_clock::now();
                embedder.run();
                const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
                std::printf("%.6f\n", seconds.count());
            } else {
                embedder.print_vectors();
            }
            std::fflush(stdout);
        }
    } catch (const std::exception & error) {
        std::printf("error %s\n", error.what());
        return 1;
    }
    return 0;
}
