#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "batch.h"

namespace longembed {

/// A sequence in the engine's packed order.
struct PackedSequence {
    int64_t source; ///< its index in the batch
    int64_t input;  ///< its first token in the batch's arrays
    int64_t first;  ///< its first token in packed order
    int64_t length;
};

/// Queries that attend together: those of `count` neighbouring sequences of the same length, or some of one long
/// sequence.
struct Segment {
    int64_t first_query; ///< in packed order; unused where the queries' place is known otherwise
    int64_t queries;     ///< of each sequence
    int64_t first_key;   ///< of the first sequence, in packed order
    int64_t keys;        ///< of each sequence: all its tokens; the engine leaves out what causality hides
    int64_t count;       ///< sequences
};

/// A run of tokens in packed order that is computed at once: whole sequences, or a part of a long one.
struct Block {
    int64_t              first;
    int64_t              tokens;
    std::vector<Segment> segments;
};

/// A run of sequences in packed order.
struct SequenceRange {
    int64_t first;
    int64_t count;
};

/// How to cut a batch. With gaps between them, blocks or sequences begin at multiples of some number.
struct Cut {
    int64_t block_tokens; ///< the maximum; a multiple of block_alignment
    int64_t block_alignment    = 1;
    int64_t sequence_alignment = 1; ///< above 1, blocks hold one sequence each, so that no block has a gap
    int     streams            = 1; ///< that take blocks from the last to the first; above 1, the first are smaller, so
                                    ///< that all streams end at about the same time
};

/// How a batch is laid out and cut: sequences ordered by length, so that equal lengths form one attention operation,
/// and cut into blocks of at most `block_tokens`, which bounds every activation that is not kept for all tokens.
struct Layout {
    std::vector<PackedSequence> sequences;
    std::vector<Block>          whole;          ///< blocks of whole sequences: none needs another
    std::vector<SequenceRange>  whole_contents; ///< the sequences of each
    std::vector<Block>          parts;          ///< blocks of sequences that are longer than a block
    SequenceRange               long_sequences{0, 0};
    int64_t                     tokens  = 0; ///< of packed order, gaps included
    int64_t                     longest = 0;

    Layout(const Batch & batch, const Cut & cut);
};

/// The smallest multiple of `to` that is not below n.
inline int64_t round_up(int64_t n, int64_t to) {
    return (n + to - 1) / to * to;
}

/// The one that holds a token, of sequences in packed order.
template <typename Sequence> const Sequence & sequence_of(const std::vector<Sequence> & sequences, int64_t token) {
    const auto after = std::upper_bound(sequences.begin(), sequences.end(), token,
                                        [](int64_t t, const Sequence & sequence) { return t < sequence.first; });
    return *(after - 1);
}

} // namespace longembed
