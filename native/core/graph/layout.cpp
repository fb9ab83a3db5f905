#include "layout.h"

#include <algorithm>

namespace longembed {

namespace {

Segment whole_segment(const PackedSequence & sequence) {
    return {sequence.first, sequence.length, sequence.first, sequence.length, 1};
}

std::vector<Block> parts_of(const PackedSequence & sequence, int64_t block_tokens) {
    std::vector<Block> parts;
    for (int64_t from = 0; from < sequence.length; from += block_tokens) {
        const int64_t tokens = std::min(block_tokens, sequence.length - from);
        const int64_t first  = sequence.first + from;
        parts.push_back({first, tokens, {{first, tokens, sequence.first, sequence.length, 1}}});
    }
    return parts;
}

// So many take little longer in a block of their own.
constexpr int64_t last_block_tokens = 128;

/// The most tokens of a block of whole sequences that begins at `first` in packed order: with several streams, no more
/// than a stream's share of those before it, which are computed later.
int64_t most_tokens(const Cut & cut, int64_t first) {
    const int64_t share = std::max(last_block_tokens, first / cut.streams);
    return cut.streams == 1 ? cut.block_tokens : std::min(cut.block_tokens, share);
}

void add(Block & block, const PackedSequence & sequence) {
    block.tokens += sequence.length;
    if (Segment & last = block.segments.back(); last.keys == sequence.length) {
        ++last.count;
    } else {
        block.segments.push_back(whole_segment(sequence));
    }
}

} // namespace

Layout::Layout(const Batch & batch, const Cut & cut) {
    const int64_t block_tokens = cut.block_tokens;
    int64_t       input        = 0;
    for (int64_t i = 0; i < batch.n_sequences; ++i) {
        sequences.push_back({i, input, 0, batch.lengths[i]});
        input += batch.lengths[i];
        longest = std::max<int64_t>(longest, batch.lengths[i]);
    }

    std::stable_sort(sequences.begin(), sequences.end(),
                     [](const PackedSequence & a, const PackedSequence & b) { return a.length < b.length; });

    int64_t first = 0;
    for (size_t i = 0; i < sequences.size(); ++i) {
        PackedSequence & sequence = sequences[i];
        const bool       joins    = sequence.length <= block_tokens && cut.sequence_alignment == 1 && !whole.empty() &&
                                    whole.back().tokens + sequence.length <= most_tokens(cut, whole.back().first);
        first                     = round_up(first, joins ? 1 : std::max(cut.block_alignment, cut.sequence_alignment));
        sequence.first            = first;
        first += sequence.length;
        if (sequence.length > block_tokens) {
            const std::vector<Block> some = parts_of(sequence, block_tokens);
            parts.insert(parts.end(), some.begin(), some.end());
        } else if (joins) {
            add(whole.back(), sequence);
            ++whole_contents.back().count;
        } else {
            whole.push_back({sequence.first, sequence.length, {whole_segment(sequence)}});
            whole_contents.push_back({static_cast<int64_t>(i), 1});
        }
    }
    tokens = round_up(first, cut.sequence_alignment);
    // ordered by length, the long ones come last
    const auto n_long = std::count_if(sequences.begin(), sequences.end(),
                                      [&](const PackedSequence & s) { return s.length > block_tokens; });
    long_sequences    = {static_cast<int64_t>(sequences.size()) - n_long, n_long};
}

} // namespace longembed
