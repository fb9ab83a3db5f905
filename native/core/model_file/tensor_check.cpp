#include "tensor_check.h"

#include <map>
#include <set>

#include "invalid_file.h"

namespace longembed {

namespace {

using Shape = std::vector<int64_t>;

/// ggml adds and multiplies F32 rows by nothing else.
void check_plain(const GgufTensor & tensor) {
    if (tensor.type != GGML_TYPE_F32) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " is of type " + ggml_type_name(tensor.type) + "; gains, shifts and biases must be F32.");
    }
}

bool ends_with(const std::string & text, const std::string & ending) {
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

/// What tensors a graph takes, checked as they are named.
class Inventory {
public:
    explicit Inventory(const std::vector<GgufTensor> & tensors) {
        for (const GgufTensor & tensor : tensors) {
            tensors_.emplace(tensor.name, &tensor);
        }
    }

    bool has(const std::string & name) const { return tensors_.count(name) > 0; }

    /// A matrix, of any type that can be multiplied by.
    void matrix(const std::string & name, const Shape & shape) { check(find(name), shape); }

    /// A matrix or one row that is added or multiplied as it is.
    void plain(const std::string & name, const Shape & shape) {
        const GgufTensor & tensor = find(name);
        check(tensor, shape);
        check_plain(tensor);
    }

    void optional_matrix(const std::string & name, const Shape & shape) {
        if (has(name)) {
            matrix(name, shape);
        }
    }

    void optional_plain(const std::string & name, const Shape & shape) {
        if (has(name)) {
            plain(name, shape);
        }
    }

    /// A matrix and the bias that may go with it.
    void linear(const std::string & name, int64_t in, int64_t out) {
        matrix(name + ".weight", {in, out});
        optional_plain(name + ".bias", {out});
    }

    /// Tensors that are passed over here, whatever they are.
    void allow(const std::string & name) { known_.insert(name); }

    void check_no_others() const {
        for (const auto & named : tensors_) {
            // scales of quantized matrices: llama.cpp's context takes those
            const bool scale = named.first.find(".scale") != std::string::npos || named.first.find(".input_scale") != std::string::npos;
            if (known_.count(named.first) == 0 && !scale) {
                throw InvalidFile("its tensor " + quoted(named.first) + " is none that its architecture has.");
            }
        }
    }

private:
    const GgufTensor & find(const std::string & name) {
        const auto found = tensors_.find(name);
        if (found == tensors_.end()) {
            throw InvalidFile("it has no tensor " + quoted(name) + ", which its architecture needs.");
        }
        known_.insert(name);
        return *found->second;
    }

    static std::string text_of(const Shape & shape) {
        std::string text;
        for (const int64_t size : shape) {
            text += (text.empty() ? "" : " × ") + std::to_string(size);
        }
        return text;
    }

    static void check(const GgufTensor & tensor, const Shape & expected) {
        Shape shape = tensor.shape;
        while (shape.size() > expected.size() && shape.back() == 1) {
            shape.pop_back();
        }
        if (shape != expected) {
            throw InvalidFile("its tensor " + quoted(tensor.name) + " is " + text_of(tensor.shape) + " numbers; by the file's own sizes it must be " +
                              text_of(expected) + ".");
        }
    }


    std::map<std::string, const GgufTensor *> tensors_;
    std::set<std::string>                     known_;
};

void layer_norm(Inventory & tensors, const std::string & name, int64_t dimensions) {
    tensors.plain(name + ".weight", {dimensions});
    tensors.plain(name + ".bias", {dimensions});
}

void attention(Inventory & tensors, const std::string & prefix, const ModelSizes & s) {
    const int64_t queries = s.heads * s.key_size;
    const int64_t keys    = s.kv_heads * s.key_size;
    const int64_t values  = s.kv_heads * s.value_size;
    if (tensors.has(prefix + "attn_qkv.weight")) {
        tensors.linear(prefix + "attn_qkv", s.dimensions, queries + keys + values);
    } else {
        tensors.linear(prefix + "attn_q", s.dimensions, queries);
        tensors.linear(prefix + "attn_k", s.dimensions, keys);
        tensors.linear(prefix + "attn_v", s.dimensions, values);
    }
    tensors.linear(prefix + "attn_output", s.heads * s.value_size, s.dimensions);
}

/// BERT and its kin: a classifier's tensors may follow, which embeddings leave alone.
void encoder(Inventory & tensors, llm_arch architecture, const ModelSizes & s, int64_t vocabulary, int64_t segments) {
    tensors.matrix("token_embd.weight", {s.dimensions, vocabulary});
    tensors.optional_matrix("token_types.weight", {s.dimensions, segments});
    if (architecture == LLM_ARCH_BERT) {
        tensors.matrix("position_embd.weight", {s.dimensions, s.context});
    }
    layer_norm(tensors, "token_embd_norm", s.dimensions);
    for (int64_t i = 0; i < s.layers; ++i) {
        const std::string prefix = "blk." + std::to_string(i) + ".";
        attention(tensors, prefix, s);
        layer_norm(tensors, prefix + "attn_output_norm", s.dimensions);
        tensors.linear(prefix + "ffn_up", s.dimensions, s.feed_forward);
        tensors.linear(prefix + "ffn_down", s.feed_forward, s.dimensions);
        if (architecture == LLM_ARCH_NOMIC_BERT) {
            tensors.matrix(prefix + "ffn_gate.weight", {s.dimensions, s.feed_forward});
        }
        layer_norm(tensors, prefix + "layer_output_norm", s.dimensions);
    }
    for (const char * name : {"cls.weight", "cls.bias", "cls.output.weight", "cls.output.bias"}) {
        tensors.allow(name);
    }
}

void decoder(Inventory & tensors, const ModelSizes & s, int64_t vocabulary) {
    tensors.matrix("token_embd.weight", {s.dimensions, vocabulary});
    tensors.optional_matrix("output.weight", {s.dimensions, vocabulary});
    tensors.plain("output_norm.weight", {s.dimensions});
    tensors.optional_plain("rope_freqs.weight", {s.key_size / 2});
    for (int64_t i = 0; i < s.layers; ++i) {
        const std::string prefix = "blk." + std::to_string(i) + ".";
        tensors.plain(prefix + "attn_norm.weight", {s.dimensions});
        attention(tensors, prefix, s);
        tensors.plain(prefix + "ffn_norm.weight", {s.dimensions});
        tensors.linear(prefix + "ffn_gate", s.dimensions, s.feed_forward);
        tensors.linear(prefix + "ffn_up", s.dimensions, s.feed_forward);
        tensors.linear(prefix + "ffn_down", s.feed_forward, s.dimensions);
    }
    for (const char * name : {"rope_factors_long.weight", "rope_factors_short.weight"}) {
        tensors.allow(name);
    }
}

/// ggml multiplies by whatever function its table has for the type, and for integers and doubles it has none.
void check_types(const std::vector<GgufTensor> & tensors) {
    for (const GgufTensor & tensor : tensors) {
        const bool usable = tensor.type == GGML_TYPE_F32 || ggml_get_type_traits(tensor.type)->to_float != nullptr;
        if (!usable && (ends_with(tensor.name, ".weight") || ends_with(tensor.name, ".bias"))) {
            throw InvalidFile("its tensor " + quoted(tensor.name) + " is of type " + ggml_type_name(tensor.type) + ", which weights cannot be.");
        }
        if (tensor.shape.size() == 1 && (ends_with(tensor.name, ".bias") || ends_with(tensor.name, "norm.weight"))) {
            check_plain(tensor);
        }
    }
}

} // namespace

void check_tensors(const std::vector<GgufTensor> & tensors, llm_arch architecture, const ModelSizes & sizes, int64_t vocabulary, int64_t segments) {
    check_types(tensors);
    if (!has_own_graph(architecture) || !sizes.uniform || sizes.experts > 0) {
        return;
    }
    Inventory inventory(tensors);
    if (architecture == LLM_ARCH_LLAMA) {
        decoder(inventory, sizes, vocabulary);
    } else {
        encoder(inventory, architecture, sizes, vocabulary, segments);
    }
    inventory.check_no_others();
}

} // namespace longembed
