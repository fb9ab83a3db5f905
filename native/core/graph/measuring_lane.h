#pragma once

#include "lane.h"

namespace longembed {

/// A lane that only finds out what memory graphs would take.
class MeasuringLane : public Lane {
public:
    explicit MeasuringLane(const llama_model & model) : Lane(model, 1) {}

    void run(ggml_cgraph * graph, Control & control) override;

    /// What the largest of the graphs needs of each kind of buffer.
    const BufferSizes & largest() const { return largest_; }

private:
    BufferSizes largest_;
};

} // namespace longembed
