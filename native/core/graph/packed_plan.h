#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "batch.h"
#include "layout.h"
#include "attention/self_extend_positions.h"

namespace longembed {

/// A batch's arrays in packed order, as the device takes them.
struct PackedPlan {
    std::vector<int32_t> tokens;
    std::vector<int32_t> positions;           ///< whole part
    std::vector<int32_t> positions_upper;     ///< the next row, where positions are fractional; empty: all are whole
    std::vector<float>   positions_fraction;  ///< with positions_upper
    std::vector<float>   logit_factors;       ///< per query; empty: 1 everywhere

    /// With cls or last pooling, per sequence in packed order: the token it is pooled from.
    std::vector<int32_t> row_ids;      ///< in packed order
    std::vector<int32_t> row_indices;  ///< in its sequence

    std::optional<SelfExtendPositions> self_extend;

    /// @param position_rows  rows of the absolute position matrix, 0 without one
    PackedPlan(const Batch & batch, const Layout & layout, int64_t position_rows, bool causal);

    /// The logit factor that `count` packed tokens from `first` share; nothing when they differ.
    std::optional<float> shared_factor(int64_t first, int64_t count) const;
};

} // namespace longembed
