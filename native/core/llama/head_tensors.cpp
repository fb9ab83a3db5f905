#include "head_tensors.h"

#include <fstream>
#include <vector>

#include "error.h"
#include "ggml-cpp.h"
#include "gguf.h"
#include "llama-model.h"

namespace longembed {

namespace {

struct HeadTensors {
    ggml_context_ptr        ctx;
    ggml_backend_buffer_ptr buffer;
};

Error unreadable(const std::string & path) {
    return Error(ErrorCode::model_invalid, "\"" + path + "\": its dense layers cannot be read.");
}

/// Where the pooled vectors are: with the last layer.
ggml_backend_buffer_type_t place_of(const llama_model & model) {
    return ggml_backend_dev_buffer_type(model.dev_layer(static_cast<int>(model.hparams.n_layer()) - 1));
}

void read(const gguf_context & file, int64_t id, std::ifstream & stream, ggml_tensor * tensor,
          const std::string & path) {
    std::vector<char> bytes(ggml_nbytes(tensor));
    stream.seekg(static_cast<std::streamoff>(gguf_get_data_offset(&file) + gguf_get_tensor_offset(&file, id)));
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream) {
        throw unreadable(path);
    }
    ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());
}

} // namespace

std::shared_ptr<void> add_head_tensors(llama_model & model, const std::string & path, bool with_data) {
    if (model.arch != LLM_ARCH_T5ENCODER) {
        return nullptr;
    }
    ggml_context *           header = nullptr;
    const gguf_init_params   params{/*no_alloc*/ true, &header};
    const gguf_context_ptr   file(gguf_init_from_file(path.c_str(), params));
    const ggml_context_ptr   shapes(header);
    std::vector<std::string> names;
    for (const char * name : {"dense_2.weight", "dense_2.bias", "dense_3.weight", "dense_3.bias"}) {
        if (file && gguf_find_tensor(file.get(), name) >= 0) {
            names.emplace_back(name);
        }
    }
    if (names.empty()) {
        return nullptr;
    }

    auto head = std::make_shared<HeadTensors>();
    head->ctx.reset(ggml_init({names.size() * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
    for (const std::string & name : names) {
        ggml_set_name(ggml_dup_tensor(head->ctx.get(), ggml_get_tensor(shapes.get(), name.c_str())), name.c_str());
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

    std::ifstream stream(path, std::ios::binary);
    for (const std::string & name : names) {
        ggml_tensor * tensor = ggml_get_tensor(head->ctx.get(), name.c_str());
        if (with_data) {
            read(*file, gguf_find_tensor(file.get(), name.c_str()), stream, tensor, path);
        } else {
            tensor->buffer = head->buffer.get();
        }
        model.tensors_by_name.emplace_back(name, tensor);
    }
    return head;
}

} // namespace longembed
