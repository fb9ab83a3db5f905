#include "invalid_file.h"

namespace longembed {

namespace {

constexpr size_t max_shown = 80;

} // namespace

std::string quoted(const std::string & name) {
    std::string shown = "\"";
    for (const char c : name.substr(0, max_shown)) {
        shown += c >= ' ' && c <= '~' ? c : '?';
    }
    return shown + (name.size() > max_shown ? "…\"" : "\"");
}

} // namespace longembed
