#include "gguf_header.h"

#include <cstring>
#include <limits>
#include <set>

#include "byte_reader.h"
#include "invalid_file.h"

namespace longembed {

namespace {

// Far more than any model has. ggml compares each key, and each tensor's name, with all before it: millions would take
// hours.
constexpr uint64_t max_keys    = 1 << 14;
constexpr uint64_t max_tensors = 1 << 15;

constexpr uint64_t max_key_bytes   = 65535;   // GGUF's own limit
constexpr uint64_t max_text_bytes  = 1 << 28; // some files carry a whole tokenizer.json
constexpr uint64_t max_array_bytes = 1 << 27;

constexpr uint32_t default_alignment = 32;

size_t size_of(uint32_t type) {
    switch (type) {
        case GGUF_TYPE_UINT8:
        case GGUF_TYPE_INT8:
        case GGUF_TYPE_BOOL: return 1;
        case GGUF_TYPE_UINT16:
        case GGUF_TYPE_INT16: return 2;
        case GGUF_TYPE_UINT32:
        case GGUF_TYPE_INT32:
        case GGUF_TYPE_FLOAT32: return 4;
        case GGUF_TYPE_UINT64:
        case GGUF_TYPE_INT64:
        case GGUF_TYPE_FLOAT64: return 8;
        default: return 0;
    }
}

void read_version(ByteReader & reader) {
    char magic[4];
    reader.read(magic, sizeof(magic));
    if (std::memcmp(magic, GGUF_MAGIC, sizeof(magic)) != 0) {
        throw InvalidFile("it does not begin with \"GGUF\".");
    }
    const auto version = reader.number<uint32_t>();
    if (version == 2 || version == 3) {
        return;
    }
    throw InvalidFile((version & 0xffff) == 0 ? "it is big-endian, which this machine is not."
                                              : "it is of GGUF version " + std::to_string(version) +
                                                    "; only versions 2 and 3 can be read.");
}

uint64_t read_count(ByteReader & reader, const char * what, uint64_t max) {
    const auto count = reader.number<uint64_t>();
    if (count > max) {
        throw InvalidFile("its header says that it has " + std::to_string(count) + " " + what + "; at most " +
                          std::to_string(max) + " are allowed.");
    }
    return count;
}

GgufValue read_value(ByteReader & reader, const std::string & key) {
    GgufValue value;
    auto      type = reader.number<uint32_t>();
    if (type == GGUF_TYPE_ARRAY) {
        value.is_array = true;
        type           = reader.number<uint32_t>();
        value.count    = reader.number<uint64_t>();
    }
    const size_t size = size_of(type);
    if (size == 0 && type != GGUF_TYPE_STRING) {
        throw InvalidFile("its key " + quoted(key) + " is of type " + std::to_string(type) + ", which there is not" +
                          (value.is_array ? " in an array." : "."));
    }
    value.type = static_cast<gguf_type>(type);
    // an empty text still takes the eight bytes of its length
    if (value.count > std::min(max_array_bytes, reader.left()) / (size == 0 ? sizeof(uint64_t) : size)) {
        throw InvalidFile("its key " + quoted(key) + " says that it has " + std::to_string(value.count) +
                          " elements, which do not fit in the file.");
    }
    if (size > 0) {
        value.numbers = reader.bytes(value.count * size);
        return value;
    }
    for (uint64_t i = 0; i < value.count; ++i) {
        value.texts.push_back(reader.text(value.is_array ? max_key_bytes : max_text_bytes));
    }
    return value;
}

void read_metadata(ByteReader & reader, uint64_t count, GgufHeader & header) {
    for (uint64_t i = 0; i < count; ++i) {
        const std::string key = reader.text(max_key_bytes);
        if (key.empty()) {
            throw InvalidFile("its key " + std::to_string(i) + " has no name.");
        }
        if (header.metadata.count(key) > 0) {
            throw InvalidFile("it has the key " + quoted(key) + " twice.");
        }
        header.metadata.emplace(key, read_value(reader, key));
    }
}

uint32_t alignment_in(const GgufHeader & header) {
    const auto found = header.metadata.find("general.alignment");
    if (found == header.metadata.end()) {
        return default_alignment;
    }
    uint32_t alignment = 0;
    if (found->second.type == GGUF_TYPE_UINT32 && !found->second.is_array) {
        std::memcpy(&alignment, found->second.numbers.data(), sizeof(alignment));
    }
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        throw InvalidFile("its key \"general.alignment\" is no power of two.");
    }
    return alignment;
}

/// The product, or nothing when it has more than 63 bits.
bool multiply(int64_t & product, int64_t factor) {
    if (factor > std::numeric_limits<int64_t>::max() / product) {
        return false;
    }
    product *= factor;
    return true;
}

void read_shape(ByteReader & reader, GgufTensor & tensor) {
    const auto dimensions = reader.number<uint32_t>();
    if (dimensions < 1 || dimensions > GGML_MAX_DIMS) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " has " + std::to_string(dimensions) +
                          " dimensions; 1 to 4 are possible.");
    }
    int64_t elements = 1;
    for (uint32_t i = 0; i < dimensions; ++i) {
        const auto length = reader.number<int64_t>();
        if (length < 1 || !multiply(elements, length)) {
            throw InvalidFile("its tensor " + quoted(tensor.name) + " has a size of " + std::to_string(length) +
                              ", which is impossible.");
        }
        tensor.shape.push_back(length);
    }
}

void read_type(ByteReader & reader, GgufTensor & tensor) {
    const auto number = reader.number<uint32_t>();
    tensor.type       = static_cast<ggml_type>(number);
    // ggml keeps empty places in its table for types that it has dropped
    if (number >= GGML_TYPE_COUNT || ggml_blck_size(tensor.type) == 0 || ggml_type_size(tensor.type) == 0) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " is of type " + std::to_string(number) +
                          ", which there is not.");
    }
    const int64_t block = ggml_blck_size(tensor.type);
    if (tensor.shape[0] % block != 0) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " has rows of " + std::to_string(tensor.shape[0]) +
                          " numbers, which are no whole blocks of " + ggml_type_name(tensor.type) + " (" +
                          std::to_string(block) + ").");
    }
    int64_t bytes = tensor.shape[0] / block;
    bool    fits  = multiply(bytes, static_cast<int64_t>(ggml_type_size(tensor.type)));
    for (size_t i = 1; fits && i < tensor.shape.size(); ++i) {
        fits = multiply(bytes, tensor.shape[i]);
    }
    if (!fits) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " has more bytes than can be counted.");
    }
    tensor.bytes = static_cast<uint64_t>(bytes);
}

/// @param expected  where its data should begin, from the beginning of all data
GgufTensor read_tensor(ByteReader & reader, std::set<std::string> & names, uint64_t expected) {
    GgufTensor tensor;
    tensor.name = reader.text(max_key_bytes);
    if (tensor.name.empty() || tensor.name.size() >= GGML_MAX_NAME) {
        throw InvalidFile("its tensor " + quoted(tensor.name) + " has a name of " + std::to_string(tensor.name.size()) +
                          " bytes; 1 to " + std::to_string(GGML_MAX_NAME - 1) + " are possible.");
    }
    // ggml reads a name up to the first zero byte
    if (!names.insert(tensor.name.substr(0, tensor.name.find('\0'))).second) {
        throw InvalidFile("it has the tensor " + quoted(tensor.name) + " twice.");
    }
    read_shape(reader, tensor);
    read_type(reader, tensor);
    const auto offset = reader.number<uint64_t>();
    if (offset != expected) {
        throw InvalidFile("the data of its tensor " + quoted(tensor.name) + " begins at byte " +
                          std::to_string(offset) + " and should at " + std::to_string(expected) + ".");
    }
    return tensor;
}

} // namespace

GgufHeader read_gguf_header(std::istream & stream, uint64_t size) {
    ByteReader reader(stream, size);
    read_version(reader);
    const uint64_t tensors = read_count(reader, "tensors", max_tensors);
    const uint64_t keys    = read_count(reader, "keys", max_keys);

    GgufHeader header;
    read_metadata(reader, keys, header);
    header.alignment         = alignment_in(header);
    const uint64_t alignment = header.alignment;
    const auto     aligned   = [alignment](uint64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; };

    std::set<std::string> names;
    std::vector<uint64_t> ends;
    uint64_t              offset = 0;
    for (uint64_t i = 0; i < tensors; ++i) {
        header.tensors.push_back(read_tensor(reader, names, offset));
        ends.push_back(offset + header.tensors.back().bytes);
        offset = aligned(ends.back());
        // whether it ends beyond the file shows below, once it is known where the data begins; until then no sum may
        // overflow
        if (ends.back() > std::numeric_limits<int64_t>::max() / 2) {
            break;
        }
    }
    const uint64_t data = aligned(reader.position());
    for (size_t i = 0; i < ends.size(); ++i) {
        if (data + ends[i] > size) {
            throw InvalidFile("it is cut short: its tensor " + quoted(header.tensors[i].name) + " ends at byte " +
                              std::to_string(data + ends[i]) + ", the file at " + std::to_string(size) +
                              ". Download it again.");
        }
    }
    return header;
}

} // namespace longembed
