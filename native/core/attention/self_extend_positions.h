#pragma once

#include <cstdint>
#include <vector>

#include "graph/layout.h"

namespace longembed {

/// Where self-extend rotates far keys and queries to (design.md §5; arXiv 2401.01325). With query index m, key index n,
/// group g and window w: |m − n| < w is ordinary RoPE; otherwise the earlier of the two is rotated to ⌊·/g⌋ and the later
/// one to ⌊·/g⌋ + w − ⌊w/g⌋. Only the difference of the two counts, so keys are kept at ⌊n/g⌋ alone, and a query that is the
/// earlier one is moved the other way.
struct SelfExtendPositions {
    std::vector<int32_t> keys;            ///< per packed token: ⌊n/g⌋
    std::vector<int32_t> queries_before;  ///< against keys before the query: ⌊m/g⌋ + w − ⌊w/g⌋
    std::vector<int32_t> queries_after;   ///< against keys after it: ⌊m/g⌋ − w + ⌊w/g⌋; empty for causal models

    SelfExtendPositions(const Layout & layout, int32_t group, int32_t window, bool causal);
};

} // namespace longembed
