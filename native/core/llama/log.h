#pragma once

#include <string>

namespace longembed {

/// Redirects the logs of llama.cpp and ggml from stderr to us. With LONGEMBED_LOG=1 in the environment they are
/// printed too.
void capture_logs();

/// The last error lines that llama.cpp logged on this thread since clear_errors(), joined; empty when there were none.
std::string logged_errors();

void clear_errors();

} // namespace longembed
