#include "abort_guard.h"

#include <cstdio>
#include <cstring>
#include <exception>

#include "ggml.h"

namespace longembed {

namespace {

thread_local int guards = 0;

/// "…/llama-vocab.cpp:1234: GGML_ASSERT(…) failed" without the folders of the machine that built it
const char * without_folders(const char * message) {
    const char * name = message;
    for (const char * c = message; *c != '\0' && *c != ' '; ++c) {
        if (*c == '/' || *c == '\\') {
            name = c + 1;
        }
    }
    return name;
}

/// Whether it reports a failed allocation.
bool is_out_of_memory(const char * message) {
    for (const char * sign :
         {"mem_buffer != NULL", "galloc != NULL", "galloc->", "failed to reserve memory", "failed to allocate"}) {
        if (std::strstr(message, sign) != nullptr) {
            return true;
        }
    }
    return false;
}

void on_abort(const char * message) {
    if (guards > 0 && std::uncaught_exceptions() == 0) {
        if (is_out_of_memory(message)) {
            throw AssertionFailed(ErrorCode::out_of_memory,
                                  std::string("There is not enough memory: an allocation in llama.cpp failed (") +
                                      without_folders(message) + "). Shorter inputs or a smaller model need less.");
        }
        throw AssertionFailed(ErrorCode::backend,
                              std::string("An assertion in llama.cpp failed: ") + without_folders(message) + ".");
    }
    std::fprintf(stderr, "%s\n", message);
}

} // namespace

AbortGuard::AbortGuard() noexcept {
    static const bool installed = [] {
        ggml_set_abort_callback(on_abort);
        return true;
    }();
    (void) installed;
    ++guards;
}

AbortGuard::~AbortGuard() {
    --guards;
}

} // namespace longembed
