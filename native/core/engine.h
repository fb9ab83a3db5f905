#pragma once

#include "batch.h"
#include "control.h"
#include "devices/memory.h"
#include "right_of_way.h"

namespace longembed {

class RepackedWeights;

/// Where a batch is computed. The express lane is for short ones, which pass those of the main lane.
enum class Lane { main, express };

/// Tokens of the largest batch of the express lane.
constexpr int64_t max_express_tokens = 512;

/// What engines of both lanes of a model share, and which of them an engine is. Without a way they know nothing of each
/// other.
struct LaneShare {
    RightOfWay *            way      = nullptr;
    Lane                    lane     = Lane::main;
    const RepackedWeights * repacked = nullptr; ///< null: none
};

/// Turns token sequences into pooled vectors with one loaded model. One call at a time.
class Engine {
public:
    virtual ~Engine() = default;

    /// Writes a row of [dimensions] per sequence to `out`, pooled and not normalised. The batch was checked by
    /// check_batch.
    /// @throws Error
    virtual void embed(const Batch & batch, float * out, Control & control) = 0;

    /// The memory that embed() would need for this batch, without the weights. Computes nothing.
    /// @throws Error
    virtual MemoryEstimate memory(const Batch & batch) = 0;
};

} // namespace longembed
