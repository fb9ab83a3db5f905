#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace longembed {

/// "1.5 GB", for messages.
inline std::string gigabytes(uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof(text), bytes < 100000000 ? "%.3f GB" : "%.1f GB", static_cast<double>(bytes) / 1e9);
    return text;
}

} // namespace longembed
