#include "self_extend_positions.h"

namespace longembed {

SelfExtendPositions::SelfExtendPositions(const Layout & layout, int32_t group, int32_t window, bool causal) {
    const int32_t gap = window - window / group;
    keys.resize(layout.tokens);
    queries_before.resize(layout.tokens);
    queries_after.resize(causal ? 0 : layout.tokens);
    for (const PackedSequence & sequence : layout.sequences) {
        for (int64_t i = 0; i < sequence.length; ++i) {
            const auto    grouped = static_cast<int32_t>(i / group);
            const int64_t t       = sequence.first + i;
            keys[t]           = grouped;
            queries_before[t] = grouped + gap;
            if (!causal) {
                queries_after[t] = grouped - gap;
            }
        }
    }
}

} // namespace longembed
