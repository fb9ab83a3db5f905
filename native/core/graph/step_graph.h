#pragma once

#include "lane.h"
#include "work_meter.h"

namespace longembed {

/// Collects steps of work into one ggml graph of a lane, and runs it when it holds enough: one graph for a whole small model
/// over a short text, many for a long one.
class StepGraph {
public:
    StepGraph(Lane & lane, Control & control, WorkMeter & meter);

    ggml_context *  ctx() const { return ctx_.get(); }
    const Control & control() const { return control_; }

    /// Adds a tensor, and what it is made from, to the graph. Order of calls is order of execution.
    void add(ggml_tensor * tensor) { ggml_build_forward_expand(graph_, tensor); }

    /// Ends a step that costs `operations`; runs what is collected when that is enough.
    /// @return true when it ran: tensors of the graph are gone, and caches of them must be forgotten
    bool end_step(double operations);

    /// Runs what is collected.
    void flush();

private:
    void begin();

    Lane &           lane_;
    Control &        control_;
    WorkMeter &      meter_;
    double           pending_ = 0.0;
    ggml_context_ptr ctx_;
    ggml_cgraph *    graph_ = nullptr;
};

} // namespace longembed
