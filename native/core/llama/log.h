#pragma once

#include <string>

namespace longembed {

/// Sends what llama.cpp and ggml log to us instead of stderr. With LONGEMBED_LOG=1 in the environment it is printed
/// too.
void capture_logs();

/// The last error lines that llama.cpp logged on this thread since clear_errors(), joined; empty when there were none.
std::string logged_errors();

void clear_errors();

} // namespace longembed
