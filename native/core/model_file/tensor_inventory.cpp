#include "tensor_inventory.h"

#include "architectures/head.h"
#include "architectures/table.h"
#include "invalid_file.h"

namespace longembed {

namespace {

void check_plain(const GgufTensor & tensor) {
    if (tensor.type != GGML_TYPE_F32) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " is of type " + ggml_type_name(tensor.type) +
                          "; gains, shifts and biases must be F32.");
    }
}

bool ends_with(const std::string & text, const std::string & ending) {
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

std::string text_of(const TensorInventory::Shape & shape) {
    std::string text;
    for (const int64_t size : shape) {
        text += (text.empty() ? "" : " × ") + std::to_string(size);
    }
    return text;
}

/// ggml's table has no function to multiply integers and doubles.
void check_types(const std::vector<GgufTensor> & tensors) {
    for (const GgufTensor & tensor : tensors) {
        const bool usable = tensor.type == GGML_TYPE_F32 || ggml_get_type_traits(tensor.type)->to_float != nullptr;
        if (!usable && (ends_with(tensor.name, ".weight") || ends_with(tensor.name, ".bias"))) {
            throw InvalidFile("its tensor " + quoted(tensor.name) + " is of type " + ggml_type_name(tensor.type) +
                              ", which weights cannot be.");
        }
        if (tensor.shape.size() == 1 && (ends_with(tensor.name, ".bias") || ends_with(tensor.name, "norm.weight"))) {
            check_plain(tensor);
        }
    }
}

} // namespace

TensorInventory::TensorInventory(const std::vector<GgufTensor> & tensors) {
    for (const GgufTensor & tensor : tensors) {
        tensors_.emplace(tensor.name, &tensor);
    }
}

int64_t TensorInventory::rows(const std::string & name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() || found->second->shape.size() < 2 ? 0 : found->second->shape[1];
}

void TensorInventory::plain(const std::string & name, const Shape & shape) {
    const GgufTensor & tensor = find(name);
    check(tensor, shape);
    check_plain(tensor);
}

void TensorInventory::optional_matrix(const std::string & name, const Shape & shape) {
    if (has(name)) {
        matrix(name, shape);
    }
}

void TensorInventory::optional_plain(const std::string & name, const Shape & shape) {
    if (has(name)) {
        plain(name, shape);
    }
}

void TensorInventory::linear(const std::string & name, int64_t in, int64_t out) {
    matrix(name + ".weight", {in, out});
    optional_plain(name + ".bias", {out});
}

void TensorInventory::head(int64_t in) {
    for (const char * name : head_layers) {
        const std::string weight = std::string(name) + ".weight";
        if (has(weight)) {
            const int64_t out = rows(weight);
            linear(name, in, out);
            in = out;
        }
    }
}

void TensorInventory::layer_norm(const std::string & name, int64_t dimensions) {
    plain(name + ".weight", {dimensions});
    plain(name + ".bias", {dimensions});
}

void TensorInventory::attention(const std::string & prefix, const ModelSizes & sizes) {
    const int64_t queries = sizes.heads * sizes.key_size;
    const int64_t keys    = sizes.kv_heads * sizes.key_size;
    const int64_t values  = sizes.kv_heads * sizes.value_size;
    if (has(prefix + "attn_qkv.weight")) {
        linear(prefix + "attn_qkv", sizes.dimensions, queries + keys + values);
    } else {
        linear(prefix + "attn_q", sizes.dimensions, queries);
        linear(prefix + "attn_k", sizes.dimensions, keys);
        linear(prefix + "attn_v", sizes.dimensions, values);
    }
    linear(prefix + "attn_output", sizes.heads * sizes.value_size, sizes.dimensions);
}

void TensorInventory::experts(const std::string & prefix, const ModelSizes & sizes) {
    matrix(prefix + "ffn_gate_inp.weight", {sizes.dimensions, sizes.experts});
    matrix(prefix + "ffn_up_exps.weight", {sizes.dimensions, sizes.feed_forward, sizes.experts});
    matrix(prefix + "ffn_down_exps.weight", {sizes.feed_forward, sizes.dimensions, sizes.experts});
}

void TensorInventory::check_no_others() const {
    for (const auto & named : tensors_) {
        // llama.cpp's context takes scales, our graph does not
        const bool scale =
            named.first.find(".scale") != std::string::npos || named.first.find(".input_scale") != std::string::npos;
        if (known_.count(named.first) == 0 && !scale) {
            throw InvalidFile("its tensor " + quoted(named.first) + " is none that its architecture has.");
        }
    }
}

const GgufTensor & TensorInventory::find(const std::string & name) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
        throw InvalidFile("it has no tensor " + quoted(name) + ", which its architecture needs.");
    }
    known_.insert(name);
    return *found->second;
}

void TensorInventory::check(const GgufTensor & tensor, const Shape & expected) {
    Shape shape = tensor.shape;
    while (shape.size() > expected.size() && shape.back() == 1) {
        shape.pop_back();
    }
    if (shape != expected) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " is " + text_of(tensor.shape) +
                          " numbers; by the file's own sizes it must be " + text_of(expected) + ".");
    }
}

void check_tensors(const std::vector<GgufTensor> & tensors, llm_arch architecture, const ModelSizes & sizes) {
    check_types(tensors);
    const ArchitectureEntry * entry = find_architecture(architecture);
    if (entry == nullptr || (sizes.experts > 0 && !entry->mixes_experts)) {
        return;
    }
    TensorInventory inventory(tensors);
    entry->list_tensors(inventory, sizes);
    inventory.check_no_others();
}

} // namespace longembed
