#include "key_slots.h"

#include <algorithm>

#include "graph/layout.h"
#include "kernels/attention.h"

namespace longembed {

namespace {

// the lanes of the widest vector of any variant
constexpr int64_t max_width = 16;

} // namespace

int64_t KeySlots::stride(int64_t length) {
    int64_t part = max_width;
    while (part < length && part < tile_keys) {
        part *= 2;
    }
    return round_up(length, part);
}

int64_t KeySlots::count(const Layout & layout) {
    KeySlots slots;
    slots.lay_out(layout);
    return slots.sequences_.empty() ? 0 : slots.sequences_.back().slot + stride(slots.sequences_.back().count);
}

void KeySlots::lay_out(const Layout & layout) {
    sequences_.clear();
    int64_t next = 0;
    for (const PackedSequence & sequence : layout.sequences) {
        const int64_t slots = stride(sequence.length);
        const int64_t slot  = round_up(next, std::min(slots, tile_keys));
        sequences_.push_back({sequence.first, slot, sequence.length});
        next = slot + slots;
    }
}

int64_t KeySlots::of(int64_t token) const {
    const SlotRun & sequence = sequence_of(sequences_, token);
    return sequence.slot + token - sequence.first;
}

std::vector<SlotRun> KeySlots::runs(int64_t first, int64_t count) const {
    std::vector<SlotRun> runs;
    const int64_t        end = first + count;
    while (first < end) {
        const SlotRun & sequence = sequence_of(sequences_, first);
        const int64_t   skipped  = first - sequence.first;
        const int64_t   some     = std::min(end - first, sequence.count - skipped);
        runs.push_back({first, sequence.slot + skipped, some});
        first += some;
    }
    return runs;
}

} // namespace longembed
