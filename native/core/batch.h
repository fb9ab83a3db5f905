#pragma once

#include <cstdint>

namespace longembed {

struct Facts;

enum class Pooling { mean, cls, last };

/// The input of one call: token sequences, special tokens included, with the strategy's changes.
/// The arrays are borrowed and must not change until the call ends.
struct Batch {
    const int32_t * tokens      = nullptr; ///< of all sequences, concatenated
    const int32_t * lengths     = nullptr; ///< tokens of each sequence, each >= 1
    int64_t         n_tokens    = 0;
    int64_t         n_sequences = 0;

    /// A position per token; null: the token's index in its sequence. Fractional positions need absolute position
    /// embeddings.
    const float * positions = nullptr;

    /// A factor per token on all attention logits of that query; null: 1.
    const float * logit_scale = nullptr;

    /// Self-extend's group and window for all sequences of the batch; group 0: ordinary attention.
    int32_t self_extend_group  = 0;
    int32_t self_extend_window = 0;

    bool uses_self_extend() const { return self_extend_group > 0; }

    /// A divisor per rotary frequency, on top of the file's own; null: 1.
    const double * rope_factors   = nullptr;
    int64_t        n_rope_factors = 0; ///< half the rotary dimensions

    double  rope_base  = 0.0; ///< 0: the file's
    double  rope_scale = 1.0; ///< factor on positions before rotation, on top of the file's own scaling
    Pooling pooling    = Pooling::mean;

    /// Instead of one vector for each sequence: the means over these ranges of tokens, [ranges][first, end), each
    /// within one sequence, counted from the batch's first token. Null: none. `pooling` says nothing then.
    const int32_t * ranges   = nullptr;
    int64_t         n_ranges = 0;

    /// Vectors that the batch gives.
    int64_t rows() const { return ranges == nullptr ? n_sequences : n_ranges; }
};

/// Rejects every batch that would make ggml or llama.cpp end the process: wrong shapes, ids, positions and counts.
/// @throws Error ERR_INVALID_OPTION, ERR_INPUT_EMPTY, ERR_TOKENIZER, ERR_STRATEGY_UNSUPPORTED, ERR_INPUT_TOO_LONG
void check_batch(const Batch & batch, const Facts & facts, int32_t vocabulary_size);

} // namespace longembed
