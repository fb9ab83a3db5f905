#pragma once

#include <cstdint>
#include <vector>

namespace longembed {

enum class Pooling { mean, cls, last };

/// A plan for one call: sequences packed one after the other, special tokens included, and what the strategy does to them.
/// It borrows its arrays; they must stay as they are until the call ends.
struct Batch {
    const int32_t * tokens      = nullptr;  ///< all sequences, one after the other
    const int32_t * lengths     = nullptr;  ///< tokens of each sequence, each >= 1
    int64_t         n_tokens    = 0;
    int64_t         n_sequences = 0;

    /// A position per token; null: the token's index in its sequence. Fractional for absolute positions only.
    const float * positions = nullptr;

    /// A factor per token on all attention logits of that query; null: 1.
    const float * logit_scale = nullptr;

    /// Self-extend's group and window for all sequences of the batch; group 0: ordinary attention.
    int32_t self_extend_group  = 0;
    int32_t self_extend_window = 0;

    bool uses_self_extend() const { return self_extend_group > 0; }

    float   rope_base  = 0.0f;  ///< 0: the file's
    float   rope_scale = 1.0f;  ///< factor on positions before rotation, on top of the file's own scaling
    Pooling pooling    = Pooling::mean;
};

} // namespace longembed
