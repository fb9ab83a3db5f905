#include "batch.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "error.h"
#include "facts.h"

namespace longembed {

namespace {

// floats, and so positions, represent all whole numbers up to here
constexpr int64_t max_tokens = int64_t{1} << 24;

void check_lengths(const Batch & batch) {
    if (batch.n_sequences < 1 || batch.n_tokens < 1) {
        throw Error(ErrorCode::input_empty, "The batch has no tokens.");
    }
    if (batch.n_tokens > max_tokens) {
        throw Error(ErrorCode::input_too_long, "The batch has " + std::to_string(batch.n_tokens) + " tokens; at most " +
                                                   std::to_string(max_tokens) + " can be computed at once.");
    }
    int64_t sum = 0;
    for (int64_t i = 0; i < batch.n_sequences; ++i) {
        if (batch.lengths[i] < 1) {
            throw Error(ErrorCode::input_empty, "Sequence " + std::to_string(i) + " of the batch has no tokens.");
        }
        sum += batch.lengths[i];
    }
    if (sum != batch.n_tokens) {
        throw Error(ErrorCode::invalid_option, "The sequences' lengths add up to " + std::to_string(sum) +
                                                   ", but the batch has " + std::to_string(batch.n_tokens) +
                                                   " tokens.");
    }
}

void check_tokens(const Batch & batch, int32_t vocabulary_size) {
    for (int64_t i = 0; i < batch.n_tokens; ++i) {
        if (batch.tokens[i] < 0 || batch.tokens[i] >= vocabulary_size) {
            throw Error(ErrorCode::tokenizer, "Token id " + std::to_string(batch.tokens[i]) +
                                                  " is not in the model's vocabulary (0 … " +
                                                  std::to_string(vocabulary_size - 1) + ").");
        }
    }
}

void check_given_positions(const Batch & batch, const Facts & facts) {
    const bool absolute = facts.position_encoding == PositionEncoding::absolute;
    for (int64_t i = 0; i < batch.n_tokens; ++i) {
        const float position = batch.positions[i];
        if (!std::isfinite(position) || position < 0.0f || position > static_cast<float>(max_tokens)) {
            throw Error(ErrorCode::invalid_option, "Position " + std::to_string(position) + " of token " +
                                                       std::to_string(i) + " is out of range.");
        }
        if (!absolute && position != std::floor(position)) {
            throw Error(ErrorCode::strategy_unsupported,
                        "Fractional positions need a matrix of absolute positions; this model has none.");
        }
        if (absolute && position > static_cast<float>(facts.position_rows - 1)) {
            throw Error(ErrorCode::input_too_long, "Position " + std::to_string(position) +
                                                       " is past the model's last, " +
                                                       std::to_string(facts.position_rows - 1) + ".");
        }
    }
}

void check_positions(const Batch & batch, const Facts & facts) {
    if (batch.positions != nullptr) {
        if (facts.position_encoding != PositionEncoding::absolute &&
            facts.position_encoding != PositionEncoding::rope) {
            throw Error(ErrorCode::strategy_unsupported, std::string("The model's position encoding (") +
                                                             name_of(facts.position_encoding) +
                                                             ") takes no positions.");
        }
        check_given_positions(batch, facts);
        return;
    }
    if (facts.position_encoding != PositionEncoding::absolute) {
        return;
    }
    for (int64_t i = 0; i < batch.n_sequences; ++i) {
        if (batch.lengths[i] > facts.position_rows) {
            throw Error(ErrorCode::input_too_long, "The sequence has " + std::to_string(batch.lengths[i]) +
                                                       " tokens, but the model has only " +
                                                       std::to_string(facts.position_rows) + " positions.");
        }
    }
}

void check_rope_factors(const Batch & batch, const Facts & facts) {
    if (batch.n_rope_factors != facts.rope_dimensions / 2) {
        throw Error(ErrorCode::invalid_option, "There are " + std::to_string(batch.n_rope_factors) + " divisors for " +
                                                   std::to_string(facts.rope_dimensions / 2) + " rotary frequencies.");
    }
    for (int64_t i = 0; i < batch.n_rope_factors; ++i) {
        if (!std::isfinite(batch.rope_factors[i]) || batch.rope_factors[i] <= 0.0) {
            throw Error(ErrorCode::invalid_option,
                        "The divisor of rotary frequency " + std::to_string(i) + " is not a number above 0.");
        }
    }
}

void check_rope(const Batch & batch, const Facts & facts) {
    const bool changed = batch.rope_base != 0.0 || batch.rope_scale != 1.0 || batch.rope_factors != nullptr;
    if (changed && facts.position_encoding != PositionEncoding::rope) {
        throw Error(ErrorCode::strategy_unsupported,
                    "The model has no rotary positions whose base or scale could be changed.");
    }
    if (batch.rope_factors != nullptr) {
        check_rope_factors(batch, facts);
    }
    if (!std::isfinite(batch.rope_base) || (batch.rope_base != 0.0 && batch.rope_base < 1.0)) {
        throw Error(ErrorCode::invalid_option,
                    "The RoPE base " + std::to_string(batch.rope_base) + " is not a number of 1 or more.");
    }
    if (!std::isfinite(batch.rope_scale) || batch.rope_scale <= 0.0) {
        throw Error(ErrorCode::invalid_option,
                    "The RoPE scale " + std::to_string(batch.rope_scale) + " is not a number above 0.");
    }
}

void check_logit_scale(const Batch & batch) {
    if (batch.logit_scale == nullptr) {
        return;
    }
    for (int64_t i = 0; i < batch.n_tokens; ++i) {
        if (!std::isfinite(batch.logit_scale[i])) {
            throw Error(ErrorCode::invalid_option,
                        "The logit scale of token " + std::to_string(i) + " is not a finite number.");
        }
    }
}

void check_self_extend(const Batch & batch, const Facts & facts) {
    if (batch.self_extend_group < 0) {
        throw Error(ErrorCode::invalid_option,
                    "Self-extend's group is " + std::to_string(batch.self_extend_group) + "; it must be 1 or more.");
    }
    if (!batch.uses_self_extend()) {
        return;
    }
    if (facts.position_encoding != PositionEncoding::rope) {
        throw Error(ErrorCode::strategy_unsupported,
                    std::string("Self-extend needs rotary positions; this model's are \"") +
                        name_of(facts.position_encoding) + "\".");
    }
    if (batch.positions != nullptr) {
        throw Error(ErrorCode::invalid_option, "Self-extend sets positions itself and takes none.");
    }
    if (batch.self_extend_window < 1) {
        throw Error(ErrorCode::invalid_option,
                    "Self-extend's window is " + std::to_string(batch.self_extend_window) + "; it must be 1 or more.");
    }
}

/// Ranges begin and end in the same sequence.
void check_ranges(const Batch & batch) {
    if (batch.ranges == nullptr) {
        return;
    }
    if (batch.n_ranges < 1) {
        throw Error(ErrorCode::input_empty, "The batch asks for no vectors.");
    }
    std::vector<int64_t> ends; // of the sequences
    for (int64_t i = 0; i < batch.n_sequences; ++i) {
        ends.push_back((ends.empty() ? 0 : ends.back()) + batch.lengths[i]);
    }
    for (int64_t i = 0; i < batch.n_ranges; ++i) {
        const int64_t first = batch.ranges[2 * i];
        const int64_t end   = batch.ranges[2 * i + 1];
        const bool valid = first >= 0 && first < end && end <= *std::upper_bound(ends.begin(), ends.end() - 1, first);
        if (!valid) {
            throw Error(ErrorCode::invalid_option, "Tokens " + std::to_string(first) + " … " + std::to_string(end) +
                                                       " are not a range within one sequence of the batch.");
        }
    }
}

} // namespace

void check_batch(const Batch & batch, const Facts & facts, int32_t vocabulary_size) {
    check_lengths(batch);
    check_tokens(batch, vocabulary_size);
    check_positions(batch, facts);
    check_rope(batch, facts);
    check_logit_scale(batch);
    check_self_extend(batch, facts);
    check_ranges(batch);
}

} // namespace longembed
