#pragma once

#include <cstdint>
#include <vector>

namespace longembed {

struct Layout;

/// Tokens in packed order that have neighbouring slots.
struct SlotRun {
    int64_t first; ///< token
    int64_t slot;  ///< of the first token
    int64_t count;
};

/// Where a batch's keys lie in the tiles of TiledAttention. A sequence begins at the start of a tile, or shares one
/// with others when it is short, always at a multiple of the widest vector. Which keys one vector holds, and in which
/// order a query's weights are summed, then follows from the sequence alone: the bits of its vectors do not depend on
/// what else is in the batch.
class KeySlots {
public:
    /// Slots that a batch takes, unused ones included.
    static int64_t count(const Layout & layout);

    /// Slots from the start of a sequence of `length` tokens to that of a neighbour of the same length.
    static int64_t stride(int64_t length);

    void lay_out(const Layout & layout);

    /// The slot of a token in packed order.
    int64_t of(int64_t token) const;

    /// Cuts `count` tokens in packed order from `first` on where their slots do not follow each other.
    std::vector<SlotRun> runs(int64_t first, int64_t count) const;

private:
    std::vector<SlotRun> sequences_;
};

} // namespace longembed
