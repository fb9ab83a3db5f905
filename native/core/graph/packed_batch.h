#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "architectures/architecture.h"
#include "batch.h"
#include "layout.h"

namespace longembed {

/// Where self-extend rotates far keys and queries to (design.md §5; arXiv 2401.01325). With query index m, key index n,
/// group g and window w: |m − n| < w is ordinary RoPE; otherwise the earlier of the two is rotated to ⌊·/g⌋ and the
/// later one to ⌊·/g⌋ + w − ⌊w/g⌋. Only the difference of the two counts, so keys are stored at ⌊n/g⌋ alone, and a
/// query that is the earlier one is moved the other way.
struct SelfExtendPositions {
    std::vector<int32_t> keys;           ///< per packed token: ⌊n/g⌋
    std::vector<int32_t> queries_before; ///< against keys before the query: ⌊m/g⌋ + w − ⌊w/g⌋
    std::vector<int32_t> queries_after; ///< against keys after it: ⌊m/g⌋ − w + ⌊w/g⌋; empty for causal models

    /// What takes the place of queries_after where queries are rotated to queries_before alone: keys after the query
    /// at ⌊n/g⌋ + 2 · (w − ⌊w/g⌋); empty for causal models.
    std::vector<int32_t> keys_after;

    SelfExtendPositions(const Layout & layout, int32_t group, int32_t window, bool causal);
};

/// Tokens in packed order whose mean is row `row` of the result.
struct PooledRange {
    int64_t first;
    int64_t count;
    int64_t row;
};

/// A batch's arrays in packed order, as the device takes them.
struct PackedBatch {
    std::vector<int32_t> tokens;
    std::vector<int32_t> indices;            ///< in their sequence; with sliding windows only, which stand by them
    std::vector<int32_t> positions;          ///< whole part
    std::vector<int32_t> positions_upper;    ///< the next row, where positions are fractional; empty: all are whole
    std::vector<float>   positions_fraction; ///< with positions_upper
    std::vector<float>   logit_factors;      ///< per query; empty: 1 everywhere

    /// With cls or last pooling, per sequence in packed order: the token it is pooled from.
    std::vector<int32_t> row_ids;     ///< in packed order
    std::vector<int32_t> row_indices; ///< in its sequence

    /// What means are taken over, ordered by the first token; empty with cls or last pooling.
    std::vector<PooledRange> pooled;

    RopeFrequencies frequencies;         ///< with the strategy's changes; empty without rotation
    RopeFrequencies sliding_frequencies; ///< of layers that slide
    bool            rotates_twice;       ///< see RopePositions: whether positions reach its span

    std::optional<SelfExtendPositions> self_extend;

    PackedBatch(const Batch & batch, const Layout & layout, const Architecture & architecture);

    /// The logit factor that `count` packed tokens from `first` share; nothing when they differ.
    std::optional<float> shared_factor(int64_t first, int64_t count) const;

    /// Whether the last layer is computed for single tokens only: cls or last pooling.
    bool pools_rows() const { return pooled.empty(); }
};

} // namespace longembed
