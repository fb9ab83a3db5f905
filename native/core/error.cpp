#include "error.h"

namespace longembed {

const char * error_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::model_not_found: return "ERR_MODEL_NOT_FOUND";
        case ErrorCode::model_invalid: return "ERR_MODEL_INVALID";
        case ErrorCode::architecture_unsupported: return "ERR_ARCHITECTURE_UNSUPPORTED";
        case ErrorCode::strategy_unsupported: return "ERR_STRATEGY_UNSUPPORTED";
        case ErrorCode::invalid_option: return "ERR_INVALID_OPTION";
        case ErrorCode::input_empty: return "ERR_INPUT_EMPTY";
        case ErrorCode::input_too_long: return "ERR_INPUT_TOO_LONG";
        case ErrorCode::tokenizer: return "ERR_TOKENIZER";
        case ErrorCode::out_of_memory: return "ERR_OUT_OF_MEMORY";
        case ErrorCode::backend: return "ERR_BACKEND";
        case ErrorCode::aborted: return "ERR_ABORTED";
        case ErrorCode::disposed: return "ERR_DISPOSED";
    }
    return "ERR_BACKEND";
}

} // namespace longembed
