#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "stream.h"

namespace longembed {

/// Counts the work that streams have done, and reports the share of the whole from the thread that made the meter.
class WorkMeter {
public:
    /// @param total  floating-point operations of the whole call
    WorkMeter(const Control & control, double total)
        : control_(control), total_(total), owner_(std::this_thread::get_id()) {}

    void add(double operations);

private:
    const Control &       control_;
    const double          total_;
    const std::thread::id owner_;
    std::mutex            mutex_;
    double                done_ = 0.0;
};

/// Collects steps of work into one ggml graph of a stream, and runs it when it holds enough: one graph for a whole
/// small model over a short text, many for a long one.
class StepGraph {
public:
    StepGraph(Stream & stream, Control & control, WorkMeter & meter);

    ggml_context *  ctx() const { return ctx_.get(); }
    const Control & control() const { return control_; }

    /// Whether the device computes an operation of the graph itself.
    bool supports(const ggml_tensor * operation) const { return stream_.supports(operation); }

    /// Adds a tensor, and what it is made from, to the graph. Order of calls is order of execution.
    void add(ggml_tensor * tensor) { ggml_build_forward_expand(graph_, tensor); }

    /// Keeps what an operation of the graph points to until the graph has run.
    template <typename Value> Value * keep(Value value) {
        auto kept = std::make_shared<Value>(std::move(value));
        kept_.push_back(kept);
        return kept.get();
    }

    /// A tensor that operations of one graph share: made when the first asks for it.
    template <typename Make> ggml_tensor * shared(const std::array<int64_t, 3> & key, Make make) {
        ggml_tensor *& tensor = shared_[key];
        return tensor != nullptr ? tensor : tensor = make();
    }

    /// Ends a step that costs `operations`; runs what is collected when that is enough. Its tensors are gone then.
    void end_step(double operations);

    /// Runs what is collected.
    void flush();

private:
    void begin();

    Stream &         stream_;
    Control &        control_;
    WorkMeter &      meter_;
    double           pending_ = 0.0;
    ggml_context_ptr ctx_;
    ggml_cgraph *    graph_ = nullptr;

    std::vector<std::shared_ptr<void>>              kept_;
    std::map<std::array<int64_t, 3>, ggml_tensor *> shared_;
};

} // namespace longembed
