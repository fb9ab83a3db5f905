#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace longembed {

/// "1.5 GB", for messages; less than that in megabytes, kilobytes or bytes.
inline std::string bytes_text(uint64_t bytes) {
    struct Unit {
        double       bytes;
        const char * format;
    };
    for (const Unit & unit : {Unit{1e9, "%.1f GB"}, Unit{1e6, "%.1f MB"}, Unit{1e3, "%.1f kB"}}) {
        if (static_cast<double>(bytes) >= unit.bytes) {
            char text[32];
            std::snprintf(text, sizeof(text), unit.format, static_cast<double>(bytes) / unit.bytes);
            return text;
        }
    }
    return std::to_string(bytes) + " bytes";
}

} // namespace longembed
