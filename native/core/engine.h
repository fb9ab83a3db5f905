#pragma once

#include <memory>

#include "batch.h"
#include "control.h"
#include "facts.h"
#include "kernels/cpu_kernels.h"
#include "devices/memory.h"

struct llama_model;

namespace longembed {

/// Turns token sequences into pooled vectors with one loaded model. One call at a time.
class Engine {
public:
    virtual ~Engine() = default;

    /// Writes a row per sequence to `out` ([dimensions] each, pooled, not normalised).
    /// The batch is checked already (check_batch).
    /// @throws Error
    virtual void embed(const Batch & batch, float * out, Control & control) = 0;

    /// What embed() would take for this batch, beside the weights. Computes nothing.
    /// @throws Error
    virtual MemoryNeed memory(const Batch & batch) = 0;
};

/// The engine that facts.engine names, with facts.threads CPU threads.
/// @throws Error ERR_INVALID_OPTION when it does not compute in that precision here; ERR_BACKEND
std::unique_ptr<Engine> make_engine(const llama_model & model, const Facts & facts, Precision precision);

} // namespace longembed
