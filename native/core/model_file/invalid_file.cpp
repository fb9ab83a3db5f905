#include "invalid_file.h"

namespace longembed {

namespace {

constexpr size_t most_shown = 80;

} // namespace

std::string quoted(const std::string & name) {
    std::string shown = "\"";
    for (const char c : name.substr(0, most_shown)) {
        shown += c >= ' ' && c <= '~' ? c : '?';
    }
    return shown + (name.size() > most_shown ? "…\"" : "\"");
}

} // namespace longembed
