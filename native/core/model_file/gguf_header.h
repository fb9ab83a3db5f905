#pragma once

#include <array>
#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <vector>

#include "ggml.h"
#include "gguf.h"

namespace longembed {

/// The value of a key: a scalar is an array of one.
struct GgufValue {
    gguf_type                type     = GGUF_TYPE_UINT8; ///< of the elements
    bool                     is_array = false;
    uint64_t                 count    = 1;
    std::vector<uint8_t>     numbers; ///< the elements as they lie in the file, unless they are texts
    std::vector<std::string> texts;
};

struct GgufTensor {
    std::string          name;
    ggml_type            type = GGML_TYPE_F32;
    std::vector<int64_t> shape; ///< the row's length first; 1 to 4 sizes, each >= 1
    uint64_t             bytes = 0;
};

/// Everything that comes before the weights in a GGUF file.
struct GgufHeader {
    std::map<std::string, GgufValue> metadata;
    std::vector<GgufTensor>          tensors;
    uint32_t                         alignment = 0; ///< weights begin at multiples of it
};

/// Reads a header and checks it against the file's size: counts, lengths, types, names, shapes and where the weights
/// lie.
/// @throws InvalidFile
GgufHeader read_gguf_header(std::istream & stream, uint64_t size);

} // namespace longembed
