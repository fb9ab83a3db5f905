// Writes a GGUF file of a Mistral-like model with random weights: the shape of a real model, for measuring on machines
// without the model and without Node.
//
//   longembed-shape-model --shape e5-mistral|tiny|tiny-heads [--layers N] [--type f16|q8_0|q4_k_m] [--from F16-FILE]
//   OUTPUT
//
// --layers: fewer layers of the shape, for profilers.
// Quantized types are made from --from, an F16 file of the same shape; without it, from a temporary one.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ggml-cpp.h"
#include "gguf.h"
#include "llama.h"

namespace {

struct Shape {
    uint32_t layers, dimensions, heads, kv_heads, feed_forward, vocabulary, context;
};

const std::map<std::string, Shape> shapes = {
    {"e5-mistral", {32, 4096, 32, 8, 14336, 32000, 32768}},
    {"tiny", {2, 256, 4, 2, 512, 400, 32768}},       // head size 64
    {"tiny-heads", {2, 256, 8, 4, 512, 400, 32768}}, // head size 32, for which CUDA's flash attention has no kernel
};

const std::map<std::string, llama_ftype> types = {{"f16", LLAMA_FTYPE_MOSTLY_F16},
                                                  {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
                                                  {"q4_k_m", LLAMA_FTYPE_MOSTLY_Q4_K_M}};

/// A tensor to draw: numbers around `center` with a standard deviation.
struct Plan {
    std::string          name;
    std::vector<int64_t> size; ///< in GGUF's order; one dimension is F32, two are F16
    float                deviation;
    float                center = 0.0f;
};

std::vector<Plan> tensors_of(const Shape & shape) {
    const int64_t     d     = shape.dimensions;
    const int64_t     kv    = d / shape.heads * shape.kv_heads;
    const int64_t     ff    = shape.feed_forward;
    const float       unit  = 1.0f / std::sqrt(static_cast<float>(d));
    std::vector<Plan> plans = {{"token_embd.weight", {d, shape.vocabulary}, 1.0f},
                               {"output_norm.weight", {d}, 0.2f, 1.0f}};
    for (uint32_t layer = 0; layer < shape.layers; ++layer) {
        const std::string block = "blk." + std::to_string(layer) + ".";
        plans.push_back({block + "attn_norm.weight", {d}, 0.2f, 1.0f});
        // attention logits then have a standard deviation of about 1.4: neither uniform nor concentrated on one token
        plans.push_back({block + "attn_q.weight", {d, d}, 1.2f * unit});
        plans.push_back({block + "attn_k.weight", {d, kv}, 1.2f * unit});
        plans.push_back({block + "attn_v.weight", {d, kv}, unit});
        plans.push_back({block + "attn_output.weight", {d, d}, unit});
        plans.push_back({block + "ffn_norm.weight", {d}, 0.2f, 1.0f});
        plans.push_back({block + "ffn_gate.weight", {d, ff}, unit});
        plans.push_back({block + "ffn_up.weight", {d, ff}, unit});
        plans.push_back({block + "ffn_down.weight", {ff, d}, 1.0f / std::sqrt(static_cast<float>(ff))});
    }
    return plans;
}

/// splitmix64: a number of a stream depends only on its index, so threads can draw any part of it.
uint64_t random_bits(uint64_t place) {
    uint64_t z = place + 0x9e3779b97f4a7c15u;
    z          = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z          = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/// Approximately normal with deviation 1: the sum of four uniform numbers.
float random_number(uint64_t stream, uint64_t index) {
    const uint64_t bits = random_bits((stream << 40) + index);
    const uint32_t sum =
        static_cast<uint32_t>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    return (static_cast<float>(sum) / 65535.0f - 2.0f) * 1.7320508f;
}

class ModelFile {
public:
    ModelFile(const Shape & shape, const std::string & path) : plans_(tensors_of(shape)), path_(path) {
        header_.reset(gguf_init_empty());
        set_metadata(shape);
        set_vocabulary(shape.vocabulary);
        add_tensors();
    }

    void write() const {
        if (!gguf_write_to_file(header_.get(), path_.c_str(), /*only_meta*/ true)) {
            throw std::runtime_error("cannot write " + path_);
        }
        std::FILE * file = std::fopen(path_.c_str(), "ab");
        if (file == nullptr) {
            throw std::runtime_error("cannot write " + path_);
        }
        for (size_t i = 0; i < plans_.size(); ++i) {
            write_tensor(file, plans_[i], i);
        }
        if (std::fclose(file) != 0) {
            throw std::runtime_error("cannot write " + path_ + ": is the disk full?");
        }
    }

private:
    void set_metadata(const Shape & shape) {
        gguf_context * h = header_.get();
        gguf_set_val_str(h, "general.architecture", "llama");
        gguf_set_val_str(h, "general.name", "longembed random weights");
        gguf_set_val_u32(h, "general.file_type", LLAMA_FTYPE_MOSTLY_F16);
        gguf_set_val_u32(h, "general.quantization_version", 2);
        gguf_set_val_u32(h, "llama.block_count", shape.layers);
        gguf_set_val_u32(h, "llama.context_length", shape.context);
        gguf_set_val_u32(h, "llama.embedding_length", shape.dimensions);
        gguf_set_val_u32(h, "llama.feed_forward_length", shape.feed_forward);
        gguf_set_val_u32(h, "llama.attention.head_count", shape.heads);
        gguf_set_val_u32(h, "llama.attention.head_count_kv", shape.kv_heads);
        gguf_set_val_f32(h, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
        gguf_set_val_u32(h, "llama.rope.dimension_count", shape.dimensions / shape.heads);
        gguf_set_val_f32(h, "llama.rope.freq_base", 10000.0f);
        gguf_set_val_u32(h, "llama.vocab_size", shape.vocabulary);
        gguf_set_val_u32(h, "llama.pooling_type", LLAMA_POOLING_TYPE_LAST);
    }

    /// <unk>, <s>, </s>, the 256 bytes, then words that do not occur in texts.
    void set_vocabulary(uint32_t size) {
        std::vector<std::string> texts = {"<unk>", "<s>", "</s>"};
        std::vector<int32_t>     kinds = {LLAMA_TOKEN_TYPE_UNKNOWN, LLAMA_TOKEN_TYPE_CONTROL, LLAMA_TOKEN_TYPE_CONTROL};
        for (int byte = 0; byte < 256; ++byte) {
            char text[8];
            std::snprintf(text, sizeof(text), "<0x%02X>", byte);
            texts.push_back(text);
            kinds.push_back(LLAMA_TOKEN_TYPE_BYTE);
        }
        while (texts.size() < size) {
            texts.push_back("word" + std::to_string(texts.size()));
            kinds.push_back(LLAMA_TOKEN_TYPE_NORMAL);
        }
        std::vector<const char *> pointers;
        std::vector<float>        scores;
        for (const std::string & text : texts) {
            scores.push_back(-static_cast<float>(pointers.size()));
            pointers.push_back(text.c_str());
        }
        gguf_context * h = header_.get();
        gguf_set_val_str(h, "tokenizer.ggml.model", "llama");
        gguf_set_arr_str(h, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
        gguf_set_arr_data(h, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
        gguf_set_arr_data(h, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, kinds.data(), kinds.size());
        gguf_set_val_u32(h, "tokenizer.ggml.bos_token_id", 1);
        gguf_set_val_u32(h, "tokenizer.ggml.eos_token_id", 2);
        gguf_set_val_u32(h, "tokenizer.ggml.unknown_token_id", 0);
        gguf_set_val_bool(h, "tokenizer.ggml.add_bos_token", true);
        gguf_set_val_bool(h, "tokenizer.ggml.add_eos_token", true);
    }

    void add_tensors() {
        const ggml_context_ptr ctx(ggml_init({plans_.size() * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
        for (const Plan & plan : plans_) {
            const bool    vector = plan.size.size() == 1;
            ggml_tensor * tensor = ggml_new_tensor(ctx.get(), vector ? GGML_TYPE_F32 : GGML_TYPE_F16,
                                                   static_cast<int>(plan.size.size()), plan.size.data());
            ggml_set_name(tensor, plan.name.c_str());
            gguf_add_tensor(header_.get(), tensor);
        }
    }

    void write_tensor(std::FILE * file, const Plan & plan, uint64_t stream) const {
        constexpr int64_t    piece = 32 << 20; // numbers drawn at once
        const int64_t        rows  = plan.size.size() == 1 ? 1 : plan.size[1];
        const int64_t        count = plan.size[0] * rows;
        const size_t         bytes = plan.size.size() == 1 ? sizeof(float) : sizeof(ggml_fp16_t);
        std::vector<uint8_t> data;
        for (int64_t from = 0; from < count; from += piece) {
            const int64_t n = std::min(piece, count - from);
            data.resize(n * bytes);
            draw(plan, stream, from, n, data.data());
            put(file, data.data(), data.size());
        }
        const size_t               written = count * bytes;
        const size_t               padding = GGML_PAD(written, GGUF_DEFAULT_ALIGNMENT) - written;
        const std::vector<uint8_t> zeros(padding);
        put(file, zeros.data(), padding);
    }

    static void put(std::FILE * file, const void * data, size_t bytes) {
        if (std::fwrite(data, 1, bytes, file) != bytes) {
            throw std::runtime_error("cannot write: is the disk full?");
        }
    }

    static void draw(const Plan & plan, uint64_t stream, int64_t from, int64_t count, uint8_t * out) {
        const auto some = [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                const float number = plan.center + plan.deviation * random_number(stream, from + i);
                if (plan.size.size() == 1) {
                    reinterpret_cast<float *>(out)[i] = number;
                } else {
                    reinterpret_cast<ggml_fp16_t *>(out)[i] = ggml_fp32_to_fp16(number);
                }
            }
        };
        const int64_t            threads = std::max(1u, std::thread::hardware_concurrency());
        std::vector<std::thread> team;
        for (int64_t t = 0; t < threads; ++t) {
            team.emplace_back(some, count * t / threads, count * (t + 1) / threads);
        }
        for (std::thread & thread : team) {
            thread.join();
        }
    }

    std::vector<Plan> plans_;
    std::string       path_;
    gguf_context_ptr  header_;
};

void quantize(const std::string & from, const std::string & to, llama_ftype type) {
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype                       = type;
    if (llama_model_quantize(from.c_str(), to.c_str(), &params) != 0) {
        throw std::runtime_error("llama.cpp cannot quantize " + from);
    }
}

} // namespace

int main(int argc, char ** argv) {
    std::string shape = "e5-mistral", type = "f16", layers, from, output;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--shape" && i + 1 < argc) {
            shape = argv[++i];
        } else if (word == "--layers" && i + 1 < argc) {
            layers = argv[++i];
        } else if (word == "--type" && i + 1 < argc) {
            type = argv[++i];
        } else if (word == "--from" && i + 1 < argc) {
            from = argv[++i];
        } else {
            output = word;
        }
    }
    if (output.empty() || shapes.count(shape) == 0 || types.count(type) == 0) {
        std::fprintf(stderr, "usage: longembed-shape-model --shape e5-mistral|tiny|tiny-heads [--layers N] "
                             "[--type f16|q8_0|q4_k_m] [--from F16-FILE] OUTPUT\n");
        return 2;
    }
    try {
        Shape plan = shapes.at(shape);
        if (!layers.empty()) {
            plan.layers = static_cast<uint32_t>(std::stoul(layers));
        }
        if (type == "f16") {
            ModelFile(plan, output).write();
            return 0;
        }
        llama_log_set(
            [](ggml_log_level level, const char * text, void *) {
                if (level == GGML_LOG_LEVEL_ERROR) {
                    std::fputs(text, stderr);
                }
            },
            nullptr);
        const std::string f16 = from.empty() ? output + ".f16" : from;
        if (from.empty()) {
            ModelFile(plan, f16).write();
        }
        quantize(f16, output, types.at(type));
        if (from.empty()) {
            std::filesystem::remove(f16);
        }
    } catch (const std::exception & error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
