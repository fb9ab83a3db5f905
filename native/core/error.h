#pragma once

#include <stdexcept>
#include <string>

namespace longembed {

/// The public error codes (README, "Errors").
enum class ErrorCode {
    model_not_found,
    model_invalid,
    architecture_unsupported,
    strategy_unsupported,
    invalid_option,
    input_empty,
    input_too_long,
    tokenizer,
    out_of_memory,
    backend,
    aborted,
    disposed,
};

/// The public name of a code, e.g. "ERR_MODEL_INVALID".
const char * error_name(ErrorCode code);

/// The only exception that leaves native/core: a code, and a sentence that says what went wrong and what to do.
class Error : public std::runtime_error {
public:
    Error(ErrorCode code, const std::string & message) : std::runtime_error(message), code_(code) {}

    ErrorCode code() const { return code_; }

private:
    ErrorCode code_;
};

} // namespace longembed
