#include "metadata.h"

#include <cstring>
#include <type_traits>

#include "invalid_file.h"

namespace longembed {

namespace {

template <typename Number, typename Out> bool append(const GgufValue & value, std::vector<Out> & out) {
    out.reserve(value.count);
    for (uint64_t i = 0; i < value.count; ++i) {
        Number number;
        std::memcpy(&number, value.numbers.data() + i * sizeof(Number), sizeof(Number));
        if constexpr (std::is_signed_v<Number> && std::is_integral_v<Number>) {
            if (number < 0) {
                return false;
            }
        }
        out.push_back(static_cast<Out>(number));
    }
    return true;
}

InvalidFile wrong_type(const std::string & key, const char * expected) {
    return InvalidFile("its key " + quoted(key) + " is no " + expected + ".");
}

} // namespace

std::optional<std::vector<uint64_t>> whole_numbers(const GgufValue & value) {
    std::vector<uint64_t> numbers;
    bool                  whole = false;
    switch (value.type) {
        case GGUF_TYPE_UINT8: whole = append<uint8_t>(value, numbers); break;
        case GGUF_TYPE_INT8: whole = append<int8_t>(value, numbers); break;
        case GGUF_TYPE_UINT16: whole = append<uint16_t>(value, numbers); break;
        case GGUF_TYPE_INT16: whole = append<int16_t>(value, numbers); break;
        case GGUF_TYPE_UINT32: whole = append<uint32_t>(value, numbers); break;
        case GGUF_TYPE_INT32: whole = append<int32_t>(value, numbers); break;
        case GGUF_TYPE_UINT64: whole = append<uint64_t>(value, numbers); break;
        case GGUF_TYPE_INT64: whole = append<int64_t>(value, numbers); break;
        default: break;
    }
    return whole ? std::optional(numbers) : std::nullopt;
}

std::optional<std::vector<double>> real_numbers(const GgufValue & value) {
    std::vector<double> numbers;
    if (value.type == GGUF_TYPE_FLOAT32) {
        append<float>(value, numbers);
    } else if (value.type == GGUF_TYPE_FLOAT64) {
        append<double>(value, numbers);
    } else {
        return std::nullopt;
    }
    return numbers;
}

const GgufValue * Metadata::find(const std::string & key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
}

std::optional<uint64_t> Metadata::whole(const std::string & key) const {
    const GgufValue * value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto numbers = longembed::whole_numbers(*value);
    if (value->is_array || !numbers) {
        throw wrong_type(key, "whole number from 0");
    }
    return numbers->front();
}

std::vector<uint64_t> Metadata::whole_numbers(const std::string & key) const {
    const GgufValue * value = find(key);
    if (value == nullptr) {
        return {};
    }
    auto numbers = longembed::whole_numbers(*value);
    if (!numbers || numbers->empty()) {
        throw wrong_type(key, "whole number from 0, nor an array of them");
    }
    return *numbers;
}

std::optional<double> Metadata::real(const std::string & key) const {
    const GgufValue * value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto numbers = real_numbers(*value);
    if (value->is_array || !numbers) {
        throw wrong_type(key, "floating-point number");
    }
    return numbers->front();
}

std::optional<std::string> Metadata::text(const std::string & key) const {
    const GgufValue * value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->is_array || value->type != GGUF_TYPE_STRING) {
        throw wrong_type(key, "text");
    }
    return value->texts.front();
}

std::vector<std::pair<std::string, const GgufValue *>> Metadata::under(const std::string & prefix) const {
    std::vector<std::pair<std::string, const GgufValue *>> found;
    for (auto it = values_.lower_bound(prefix); it != values_.end() && it->first.rfind(prefix, 0) == 0; ++it) {
        found.emplace_back(it->first, &it->second);
    }
    return found;
}

} // namespace longembed
