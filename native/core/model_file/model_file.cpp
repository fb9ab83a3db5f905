#include "model_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "error.h"
#include "gguf_header.h"
#include "hyperparameters.h"
#include "invalid_file.h"
#include "llama-arch.h"
#include "llama/part_paths.h"
#include "metadata.h"
#include "tensor_inventory.h"
#include "vocabulary_check.h"

namespace longembed {

namespace {

constexpr uint64_t max_parts = 1000;

/// Of tensors in main memory: ggml refuses others (TENSOR_ALIGNMENT in ggml-impl.h).
constexpr uint32_t tensor_alignment = 32;

Error invalid(const std::string & path, const std::string & why) {
    return Error(ErrorCode::model_invalid, "\"" + path + "\" is not a usable model file: " + why);
}

/// An open file and its size.
struct OpenFile {
    std::ifstream stream;
    uint64_t      size = 0;
};

OpenFile open(const std::string & path) {
    std::error_code error;
    const auto      file_path = std::filesystem::u8path(path); // Windows would take a string for its code page
    const auto      status    = std::filesystem::status(file_path, error);
    if (!std::filesystem::exists(status)) {
        throw Error(ErrorCode::model_not_found,
                    "There is no model file \"" + path + "\". Give the path of a GGUF file.");
    }
    if (std::filesystem::is_directory(status)) {
        throw Error(ErrorCode::model_not_found, "\"" + path + "\" is a folder. Give the path of a GGUF file in it.");
    }
    if (!std::filesystem::is_regular_file(status)) {
        throw invalid(path, "it is not a regular file.");
    }
    OpenFile file;
    file.stream.open(file_path, std::ios::binary);
    if (!file.stream) {
        throw Error(ErrorCode::model_not_found,
                    "The model file \"" + path + "\" cannot be opened: " + std::strerror(errno) + ".");
    }
    file.size = std::filesystem::file_size(file_path, error);
    if (file.size == 0) {
        throw invalid(path, "it is empty.");
    }
    char magic[4] = {};
    file.stream.read(magic, sizeof(magic));
    if (file.stream.gcount() != sizeof(magic) || std::memcmp(magic, GGUF_MAGIC, sizeof(magic)) != 0) {
        throw invalid(
            path, "it does not begin with \"GGUF\". Only GGUF files can be loaded; llama.cpp's convert_hf_to_gguf.py "
                  "makes them.");
    }
    file.stream.seekg(0);
    return file;
}

llm_arch architecture_of(const std::string & name, const std::string & path) {
    const llm_arch architecture = llm_arch_from_string(name);
    if (architecture == LLM_ARCH_UNKNOWN || architecture == LLM_ARCH_CLIP) {
        throw Error(ErrorCode::architecture_unsupported, "The model in \"" + path + "\" is of the architecture " +
                                                             quoted(name) +
                                                             ", which llama.cpp cannot run as a text model.");
    }
    return architecture;
}

/// The number of token vectors: the size of the vocabulary where the file has none.
int64_t embedded_tokens(const std::vector<GgufTensor> & tensors) {
    for (const GgufTensor & tensor : tensors) {
        if (tensor.name == "token_embd.weight" && tensor.shape.size() > 1) {
            return tensor.shape[1];
        }
    }
    return 0;
}

llm_arch check_header(const GgufHeader & header, const std::string & path, FilePart part) {
    const Metadata metadata(header);
    const auto     name = metadata.text("general.architecture");
    if (!name) {
        throw InvalidFile("it has no text key \"general.architecture\".");
    }
    const llm_arch architecture = architecture_of(*name, path);
    const int64_t  vocabulary   = check_vocabulary(metadata, *name, embedded_tokens(header.tensors));
    if (part == FilePart::all) {
        check_tensors(header.tensors, architecture, read_sizes(metadata, architecture, *name, vocabulary));
    }
    return architecture;
}

std::vector<std::string> other_parts(const GgufHeader & header, const std::string & path) {
    const Metadata metadata(header);
    const uint64_t count = metadata.whole("split.count").value_or(1);
    if (count < 2) {
        return {};
    }
    if (count > max_parts) {
        throw InvalidFile("its key \"split.count\" is " + std::to_string(count) + "; at most " +
                          std::to_string(max_parts) + " parts are possible.");
    }
    if (const uint64_t number = metadata.whole("split.no").value_or(0); number != 0) {
        throw InvalidFile("it is part " + std::to_string(number + 1) + " of a split model: give the first.");
    }
    std::vector<std::string> parts = other_part_paths(path, static_cast<int>(count));
    if (parts.empty()) {
        throw InvalidFile("it is the first of " + std::to_string(count) +
                          " parts, so its name must end in \"-00001-of-" +
                          std::string(5 - std::min<size_t>(5, std::to_string(count).size()), '0') +
                          std::to_string(count) + ".gguf\".");
    }
    return parts;
}

/// Does work of which every InvalidFile is about the file at `path`.
template <typename Work> auto about(const std::string & path, Work work) {
    try {
        return work();
    } catch (const InvalidFile & wrong) {
        throw invalid(path, wrong.what());
    }
}

GgufHeader read_header_of(const std::string & path) {
    OpenFile file = open(path);
    return about(path, [&] { return read_gguf_header(file.stream, file.size); });
}

} // namespace

CheckedFile check_model_file(const std::string & path, FilePart part) {
    GgufHeader               header = read_header_of(path);
    std::vector<std::string> parts{path};
    bool                     mappable = header.alignment % tensor_alignment == 0;
    for (const std::string & other : about(path, [&] { return other_parts(header, path); })) {
        parts.push_back(other);
        const GgufHeader more = read_header_of(other);
        header.tensors.insert(header.tensors.end(), more.tensors.begin(), more.tensors.end());
        mappable = mappable && more.alignment % tensor_alignment == 0;
    }
    return {about(path, [&] { return check_header(header, path, part); }), std::move(parts), mappable};
}

void check_model_stream(std::istream & stream, uint64_t size, const std::string & path, FilePart part) {
    about(path, [&] { check_header(read_gguf_header(stream, size), path, part); });
}

} // namespace longembed
