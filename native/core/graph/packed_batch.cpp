#include "packed_batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace longembed {

SelfExtendPositions::SelfExtendPositions(const Layout & layout, int32_t group, int32_t window, bool causal) {
    const int32_t gap = window - window / group;
    keys.resize(layout.tokens);
    queries_before.resize(layout.tokens);
    queries_after.resize(causal ? 0 : layout.tokens);
    keys_after.resize(causal ? 0 : layout.tokens);
    for (const PackedSequence & sequence : layout.sequences) {
        for (int64_t i = 0; i < sequence.length; ++i) {
            const auto    grouped = static_cast<int32_t>(i / group);
            const int64_t t       = sequence.first + i;
            keys[t]               = grouped;
            queries_before[t]     = grouped + gap;
            if (!causal) {
                queries_after[t] = grouped - gap;
                keys_after[t]    = grouped + 2 * gap;
            }
        }
    }
}

namespace {

/// The ranges that a batch asks for, or its sequences, in packed order.
std::vector<PooledRange> pooled_ranges(const Batch & batch, const Layout & layout) {
    std::vector<PooledRange> pooled;
    if (batch.ranges == nullptr) {
        for (const PackedSequence & sequence : layout.sequences) {
            pooled.push_back({sequence.first, sequence.length, sequence.source});
        }
        return pooled;
    }
    std::vector<PackedSequence> sequences = layout.sequences;
    std::sort(sequences.begin(), sequences.end(),
              [](const PackedSequence & a, const PackedSequence & b) { return a.input < b.input; });
    for (int64_t row = 0; row < batch.n_ranges; ++row) {
        const int64_t          first    = batch.ranges[2 * row];
        const auto             after    = std::upper_bound(sequences.begin(), sequences.end(), first,
                                                           [](int64_t token, const PackedSequence & s) { return token < s.input; });
        const PackedSequence & sequence = *(after - 1);
        pooled.push_back({sequence.first + first - sequence.input, batch.ranges[2 * row + 1] - first, row});
    }
    std::stable_sort(pooled.begin(), pooled.end(),
                     [](const PooledRange & a, const PooledRange & b) { return a.first < b.first; });
    return pooled;
}

RopeFrequencies frequencies_of(const Rope * rope, const RopeChange & change) {
    return rope == nullptr ? RopeFrequencies{} : rope->frequencies(change);
}

bool reaches(const std::vector<int32_t> & positions, int32_t limit) {
    return std::any_of(positions.begin(), positions.end(), [limit](int32_t p) { return p >= limit || p < 0; });
}

} // namespace

PackedBatch::PackedBatch(const Batch & batch, const Layout & layout, const Architecture & architecture) {
    tokens.resize(layout.tokens);
    indices.resize(architecture.sliding_reach() > 0 ? layout.tokens : 0);
    positions.resize(layout.tokens);
    std::vector<float> fraction(layout.tokens, 0.0f);
    std::vector<float> factors(layout.tokens, 1.0f);
    const bool         by_rows = batch.ranges == nullptr && batch.pooling != Pooling::mean;

    for (const PackedSequence & sequence : layout.sequences) {
        std::copy_n(batch.tokens + sequence.input, sequence.length, tokens.begin() + sequence.first);
        for (int64_t i = 0; i < sequence.length; ++i) {
            const float position =
                batch.positions != nullptr ? batch.positions[sequence.input + i] : static_cast<float>(i);
            const float whole             = std::floor(position);
            positions[sequence.first + i] = static_cast<int32_t>(whole);
            fraction[sequence.first + i]  = position - whole;
        }
        if (!indices.empty()) {
            std::iota(indices.begin() + sequence.first, indices.begin() + sequence.first + sequence.length, 0);
        }
        if (batch.logit_scale != nullptr) {
            std::copy_n(batch.logit_scale + sequence.input, sequence.length, factors.begin() + sequence.first);
        }
        if (by_rows) {
            const int64_t index = batch.pooling == Pooling::cls ? 0 : sequence.length - 1;
            row_indices.push_back(static_cast<int32_t>(index));
            row_ids.push_back(static_cast<int32_t>(sequence.first + index));
        }
    }

    if (!by_rows) {
        pooled = pooled_ranges(batch, layout);
    }
    frequencies =
        frequencies_of(architecture.rope_where(false), {batch.rope_base, batch.rope_scale, batch.rope_factors});
    sliding_frequencies = frequencies_of(architecture.rope_where(true), {});
    if (batch.uses_self_extend()) {
        // a window beyond the longest sequence sees all of it as near, and would only take positions out of range
        const auto window = static_cast<int32_t>(std::min<int64_t>(batch.self_extend_window, layout.longest));
        self_extend.emplace(layout, batch.self_extend_group, window, architecture.attention(0).causal);
    }
    rotates_twice = reaches(positions, RopePositions::span) || reaches(indices, RopePositions::span) ||
                    (self_extend && (reaches(self_extend->queries_before, RopePositions::span) ||
                                     reaches(self_extend->queries_after, RopePositions::span) ||
                                     reaches(self_extend->keys_after, RopePositions::span)));
    if (std::any_of(fraction.begin(), fraction.end(), [](float f) { return f != 0.0f; })) {
        const auto last_row = static_cast<int32_t>(architecture.position_rows() - 1);
        positions_upper.resize(layout.tokens);
        std::transform(positions.begin(), positions.end(), positions_upper.begin(),
                       [last_row](int32_t lower) { return std::min(lower + 1, last_row); });
        positions_fraction = std::move(fraction);
    }
    if (std::any_of(factors.begin(), factors.end(), [](float f) { return f != 1.0f; })) {
        logit_factors = std::move(factors);
    }
}

std::optional<float> PackedBatch::shared_factor(int64_t first, int64_t count) const {
    if (logit_factors.empty()) {
        return 1.0f;
    }
    const auto begin = logit_factors.begin() + first;
    const bool same  = std::all_of(begin, begin + count, [begin](float f) { return f == *begin; });
    return same ? std::optional<float>(*begin) : std::nullopt;
}

} // namespace longembed
