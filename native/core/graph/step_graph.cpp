#include "step_graph.h"

namespace longembed {

namespace {

// a tenth of a second or two of one core, some milliseconds of a GPU: often enough for progress, seldom enough that graph
// building costs nothing
constexpr double operations_per_graph     = 10e9;
constexpr double operations_per_graph_gpu = 2e12;

// a step adds at most a few thousand nodes; the rest is room for them
constexpr int nodes_per_graph = Lane::max_nodes / 4;

} // namespace

StepGraph::StepGraph(Lane & lane, Control & control, WorkMeter & meter) : lane_(lane), control_(control), meter_(meter) {
    begin();
}

void StepGraph::begin() {
    ctx_.reset();
    ctx_   = lane_.new_graph_context();
    graph_ = ggml_new_graph_custom(ctx_.get(), Lane::max_nodes, /*grads*/ false);
}

bool StepGraph::end_step(double operations) {
    pending_ += operations;
    const double enough = lane_.main_is_cpu() ? operations_per_graph : operations_per_graph_gpu;
    if (pending_ < enough && ggml_graph_n_nodes(graph_) < nodes_per_graph) {
        return false;
    }
    flush();
    return true;
}

void StepGraph::flush() {
    if (ggml_graph_n_nodes(graph_) > 0) {
        lane_.run(graph_, control_);
    }
    meter_.add(pending_);
    pending_ = 0.0;
    begin();
}

} // namespace longembed
