#include "model_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "error.h"
#include "ggml-cpp.h"
#include "gguf.h"
#include "llama-arch.h"
#include "log.h"

namespace longembed {

namespace {

Error invalid(const std::string & path, const std::string & why) {
    return Error(ErrorCode::model_invalid, "\"" + path + "\" is not a usable model file: " + why);
}

uintmax_t size_of_readable_file(const std::string & path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        throw Error(ErrorCode::model_not_found, "There is no model file \"" + path + "\". Give the path of a GGUF file.");
    }
    if (std::filesystem::is_directory(status)) {
        throw Error(ErrorCode::model_not_found, "\"" + path + "\" is a folder. Give the path of a GGUF file in it.");
    }
    if (!std::filesystem::is_regular_file(status)) {
        throw invalid(path, "it is not a regular file.");
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw Error(ErrorCode::model_not_found, "The model file \"" + path + "\" cannot be opened: " + std::strerror(errno) + ".");
    }
    char magic[4] = {};
    file.read(magic, sizeof(magic));
    const uintmax_t size = std::filesystem::file_size(path, error);
    if (size == 0) {
        throw invalid(path, "it is empty.");
    }
    if (file.gcount() != sizeof(magic) || std::memcmp(magic, "GGUF", sizeof(magic)) != 0) {
        throw invalid(path, "it does not begin with \"GGUF\". Only GGUF files can be loaded; llama.cpp's convert_hf_to_gguf.py makes them.");
    }
    return size;
}

std::string architecture_in(const gguf_context * file, const std::string & path) {
    const int64_t key = gguf_find_key(file, "general.architecture");
    if (key < 0 || gguf_get_kv_type(file, key) != GGUF_TYPE_STRING) {
        throw invalid(path, "it has no text key \"general.architecture\".");
    }
    return gguf_get_val_str(file, key);
}

/// llama.cpp maps the file and reads past its end if it was cut; that would be a bus error, not an exception.
void check_tensors_lie_within(const gguf_context * file, uintmax_t size, const std::string & path) {
    const size_t data = gguf_get_data_offset(file);
    for (int64_t i = 0; i < gguf_get_n_tensors(file); ++i) {
        const uintmax_t end = data + gguf_get_tensor_offset(file, i) + gguf_get_tensor_size(file, i);
        if (end > size) {
            throw invalid(path, std::string("it is cut short: tensor \"") + gguf_get_tensor_name(file, i) + "\" ends at byte " +
                                    std::to_string(end) + ", the file at " + std::to_string(size) + ". Download it again.");
        }
    }
}

bool ends_with(const std::string & text, const std::string & ending) {
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

/// ggml multiplies by whatever function its table has for the type, and for integers and doubles it has none.
void check_tensor_types(const gguf_context * file, const std::string & path) {
    for (int64_t i = 0; i < gguf_get_n_tensors(file); ++i) {
        const std::string    name = gguf_get_tensor_name(file, i);
        const enum ggml_type type = gguf_get_tensor_type(file, i);
        const bool usable = type == GGML_TYPE_F32 || ggml_get_type_traits(type)->to_float != nullptr;
        if (!usable && (ends_with(name, ".weight") || ends_with(name, ".bias"))) {
            throw invalid(path, "its tensor \"" + name + "\" is of type " + ggml_type_name(type) + ", which weights cannot be.");
        }
    }
}

} // namespace

void check_model_file(const std::string & path) {
    const uintmax_t size = size_of_readable_file(path);

    forget_errors();
    const gguf_context_ptr file(gguf_init_from_file(path.c_str(), {/*no_alloc*/ true, /*ctx*/ nullptr}));
    if (!file) {
        const std::string reason = logged_errors();
        throw invalid(path, "its header cannot be read" + (reason.empty() ? std::string(".") : " (" + reason + ")."));
    }

    const std::string architecture = architecture_in(file.get(), path);
    const llm_arch    known        = llm_arch_from_string(architecture);
    if (known == LLM_ARCH_UNKNOWN || known == LLM_ARCH_CLIP) {
        throw Error(ErrorCode::architecture_unsupported,
                    "The model in \"" + path + "\" is of the architecture \"" + architecture + "\", which llama.cpp cannot run as a text model.");
    }
    check_tensor_types(file.get(), path);
    check_tensors_lie_within(file.get(), size, path);
}

} // namespace longembed
