#include "log.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "llama.h"

namespace longembed {

namespace {

constexpr size_t max_bytes = 2000;

thread_local std::string errors;

void on_log(ggml_log_level level, const char * text, void * /*unused*/) {
    static const bool print = [] {
        const char * wanted = std::getenv("LONGEMBED_LOG");
        return wanted != nullptr && std::strcmp(wanted, "0") != 0;
    }();
    if (print) {
        std::fputs(text, stderr);
    }
    if (level == GGML_LOG_LEVEL_ERROR && errors.size() < max_bytes) {
        errors += text;
    }
}

/// llama.cpp prefixes its lines with the C++ function, which tells users nothing.
std::string without_function_name(const std::string & line) {
    const size_t colon = line.find(": ");
    const bool   is_identifier =
        colon != std::string::npos &&
        line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == colon;
    return is_identifier ? line.substr(colon + 2) : line;
}

} // namespace

void capture_logs() {
    llama_log_set(on_log, nullptr);
}

std::string logged_errors() {
    std::string joined;
    size_t      start = 0;
    while (start < errors.size()) {
        size_t end = errors.find('\n', start);
        if (end == std::string::npos) {
            end = errors.size();
        }
        const std::string line = without_function_name(errors.substr(start, end - start));
        // llama.cpp closes every failed load with this line, which adds nothing
        if (!line.empty() && line != "failed to load model") {
            joined += (joined.empty() ? "" : "; ") + line;
        }
        start = end + 1;
    }
    return joined;
}

void clear_errors() {
    errors.clear();
}

} // namespace longembed
