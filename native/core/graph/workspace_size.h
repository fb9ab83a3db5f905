#pragma once

#include <algorithm>
#include <cstdint>

namespace longembed {

/// What a workspace must hold.
struct WorkspaceSize {
    int64_t tokens             = 0;     ///< of all sequences together
    int64_t longest            = 0;     ///< tokens of the longest sequence
    int64_t key_slots          = 0;     ///< see KeySlots; 0 where they are not used
    int64_t rows               = 0;     ///< single tokens that the last layer computes; 0 for mean pooling
    int64_t block              = 0;     ///< tokens of a block
    int64_t streams            = 0;     ///< blocks computed side by side
    bool    between_rows       = false; ///< fractional absolute positions
    int64_t self_extend_window = 0;     ///< 0: ordinary attention
    int64_t sequences          = 0;     ///< counted with self-extend and biases by distance only

    bool fits_in(const WorkspaceSize & other) const {
        return self_extend_window == other.self_extend_window && tokens <= other.tokens && longest <= other.longest &&
               key_slots <= other.key_slots && rows <= other.rows && sequences <= other.sequences &&
               block <= other.block && streams <= other.streams && between_rows <= other.between_rows;
    }

    /// Capacity for both, where both attend alike; else just this one.
    WorkspaceSize grown_to(const WorkspaceSize & other) const {
        if (self_extend_window != other.self_extend_window) {
            return *this;
        }
        WorkspaceSize size = *this;
        size.tokens        = std::max(tokens, other.tokens);
        size.longest       = std::max(longest, other.longest);
        size.key_slots     = std::max(key_slots, other.key_slots);
        size.rows          = std::max(rows, other.rows);
        size.sequences     = std::max(sequences, other.sequences);
        size.block         = std::max(block, other.block);
        size.streams       = std::max(streams, other.streams);
        size.between_rows  = between_rows || other.between_rows;
        return size;
    }
};

} // namespace longembed
