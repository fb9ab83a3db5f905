#pragma once

#include "batch.h"
#include "control.h"
#include "devices/memory.h"

namespace longembed {

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
