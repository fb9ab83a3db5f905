#include "head_tensors.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include "error.h"
#include "ggml-cpp.h"
#include "gguf.h"
#include "llama-model.h"
#include "part_paths.h"

namespace longembed {

namespace {

struct HeadTensors {
    ggml_context_ptr        ctx;
    ggml_backend_buffer_ptr buffer;
};

/// The header of one part of a file; a file that is not split is one part.
struct Part {
    std::string      path;
    gguf_context_ptr header;
    ggml_context_ptr shapes;
};

/// A tensor in the part that has it.
struct Found {
    const Part * part;
    int64_t      id;
};

Error unreadable(const std::string & path) {
    return Error(ErrorCode::model_invalid, "\"" + path + "\": its dense layers cannot be read.");
}

Part open_part(const std::string & path) {
    ggml_context *         shapes = nullptr;
    const gguf_init_params params{/*no_alloc*/ true, &shapes};
    gguf_context_ptr       header(gguf_init_from_file(path.c_str(), params));
    if (!header) {
        throw unreadable(path);
    }
    return {path, std::move(header), ggml_context_ptr(shapes)};
}

std::vector<Part> open_parts(const std::string & path) {
    std::vector<Part> parts;
    parts.push_back(open_part(path));
    const gguf_context * first = parts.front().header.get();
    const int64_t        key   = gguf_find_key(first, "split.count");
    const int            count = key < 0 ? 1 : gguf_get_val_u16(first, key); // llama.cpp takes no other type
    if (count > 1) {
        for (const std::string & other : other_part_paths(path, count)) {
            parts.push_back(open_part(other));
        }
    }
    return parts;
}

std::vector<Found> find_tensors(const std::vector<Part> & parts) {
    std::vector<Found> found;
    for (const char * name : {"dense_2.weight", "dense_2.bias", "dense_3.weight", "dense_3.bias"}) {
        for (const Part & part : parts) {
            if (const int64_t id = gguf_find_tensor(part.header.get(), name); id >= 0) {
                found.push_back({&part, id});
                break;
            }
        }
    }
    return found;
}

/// Where the pooled vectors are: with the last layer.
ggml_backend_buffer_type_t place_of(const llama_model & model) {
    return ggml_backend_dev_buffer_type(model.dev_layer(static_cast<int>(model.hparams.n_layer()) - 1));
}

void read(const Found & found, ggml_tensor * tensor) {
    const gguf_context * header = found.part->header.get();
    std::ifstream        stream(std::filesystem::u8path(found.part->path), std::ios::binary);
    std::vector<char>    bytes(ggml_nbytes(tensor));
    stream.seekg(static_cast<std::streamoff>(gguf_get_data_offset(header) + gguf_get_tensor_offset(header, found.id)));
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream) {
        throw unreadable(found.part->path);
    }
    ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());
}

} // namespace

std::shared_ptr<void> add_head_tensors(llama_model & model, const std::string & path, bool with_data) {
    if (model.arch != LLM_ARCH_T5ENCODER) {
        return nullptr;
    }
    const std::vector<Part>  parts = open_parts(path);
    const std::vector<Found> all   = find_tensors(parts);
    if (all.empty()) {
        return nullptr;
    }

    auto head = std::make_shared<HeadTensors>();
    head->ctx.reset(ggml_init({all.size() * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
    std::vector<ggml_tensor *> tensors;
    for (const Found & found : all) {
        const char *  name   = gguf_get_tensor_name(found.part->header.get(), found.id);
        ggml_tensor * tensor = ggml_dup_tensor(head->ctx.get(), ggml_get_tensor(found.part->shapes.get(), name));
        tensors.push_back(ggml_set_name(tensor, name));
    }
    if (with_data) {
        head->buffer.reset(ggml_backend_alloc_ctx_tensors_from_buft(head->ctx.get(), place_of(model)));
        if (!head->buffer) {
            throw Error(ErrorCode::out_of_memory,
                        "There is not enough memory for the dense layers of \"" + path + "\".");
        }
        ggml_backend_buffer_set_usage(head->buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    } else {
        head->buffer.reset(ggml_backend_buft_alloc_buffer(place_of(model), 0));
    }

    for (size_t i = 0; i < all.size(); ++i) {
        if (with_data) {
            read(all[i], tensors[i]);
        } else {
            tensors[i]->buffer = head->buffer.get();
        }
        model.tensors_by_name.emplace_back(tensors[i]->name, tensors[i]);
    }
    return head;
}

} // namespace longembed
