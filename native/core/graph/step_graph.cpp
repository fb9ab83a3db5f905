#include "step_graph.h"

#include <algorithm>

namespace longembed {

namespace {

// a tenth of a second or two of one core, some milliseconds of a GPU: often enough for progress, seldom enough that
// building graphs costs nothing
constexpr double operations_per_graph     = 10e9;
constexpr double operations_per_graph_gpu = 2e12;

// a step adds at most a few thousand nodes; the rest is room for them
constexpr int nodes_per_graph = Stream::max_nodes / 4;

} // namespace

void WorkMeter::add(double operations) {
    double done;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        done_ += operations;
        done = done_;
    }
    if (std::this_thread::get_id() == owner_) {
        control_.report(static_cast<float>(std::min(1.0, done / total_)));
    }
}

StepGraph::StepGraph(Stream & stream, Control & control, WorkMeter & meter)
    : stream_(stream), control_(control), meter_(meter) {
    begin();
}

void StepGraph::begin() {
    kept_.clear();
    shared_.clear();
    ctx_.reset(); // before the next one, which takes the same memory
    ctx_   = stream_.new_graph_context();
    graph_ = ggml_new_graph_custom(ctx_.get(), Stream::max_nodes, /*grads*/ false);
}

void StepGraph::end_step(double operations) {
    pending_ += operations;
    const double enough = stream_.main_is_cpu() ? operations_per_graph : operations_per_graph_gpu;
    if (pending_ >= enough || ggml_graph_n_nodes(graph_) >= nodes_per_graph) {
        flush();
    }
}

void StepGraph::flush() {
    if (ggml_graph_n_nodes(graph_) > 0) {
        stream_.run(graph_, control_);
    }
    meter_.add(pending_);
    pending_ = 0.0;
    begin();
}

} // namespace longembed
