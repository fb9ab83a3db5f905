#pragma once

#include "batch.h"
#include "facts.h"

namespace longembed {

/// Refuses every batch that ggml or llama.cpp would end the process over: shapes, ids, positions and counts.
/// @throws Error ERR_INVALID_OPTION, ERR_INPUT_EMPTY, ERR_TOKENIZER, ERR_STRATEGY_UNSUPPORTED, ERR_INPUT_TOO_LONG
void check_batch(const Batch & batch, const Facts & facts, int32_t vocabulary_size);

} // namespace longembed
