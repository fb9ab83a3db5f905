#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf_header.h"

namespace longembed {

/// A file's keys, each read as the type that it should have. A missing key gives nothing, one of another type an
/// InvalidFile.
class Metadata {
public:
    explicit Metadata(const GgufHeader & header) : values_(header.metadata) {}

    const GgufValue * find(const std::string & key) const;

    /// A whole number of any width, from 0.
    std::optional<uint64_t> whole(const std::string & key) const;

    /// One number a layer, or the same for all: empty when there is no such key.
    std::vector<uint64_t> whole_numbers(const std::string & key) const;

    std::optional<double>      real(const std::string & key) const;
    std::optional<std::string> text(const std::string & key) const;

    /// Everything under a prefix, such as "bert.".
    std::vector<std::pair<std::string, const GgufValue *>> under(const std::string & prefix) const;

private:
    const std::map<std::string, GgufValue> & values_;
};

/// An array's or a scalar's elements as whole numbers; nothing when they are none, or negative.
std::optional<std::vector<uint64_t>> whole_numbers(const GgufValue & value);

/// Nothing when they are no floating-point numbers.
std::optional<std::vector<double>> real_numbers(const GgufValue & value);

} // namespace longembed
