#include "measuring_lane.h"

#include <algorithm>

namespace longembed {

void MeasuringLane::run(ggml_cgraph * graph, Control & /*control*/) {
    std::vector<size_t> sizes(backends_.size());
    ggml_backend_sched_reserve_size(sched_.get(), graph, sizes.data());
    BufferSizes here;
    for (size_t i = 0; i < sizes.size(); ++i) {
        here[ggml_backend_sched_get_buffer_type(sched_.get(), backends_[i].get())] += sizes[i];
    }
    for (const auto & [buffers, bytes] : here) {
        largest_[buffers] = std::max(largest_[buffers], bytes);
    }
}

} // namespace longembed
