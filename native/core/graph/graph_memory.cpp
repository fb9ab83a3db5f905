#include "graph_memory.h"

#include <algorithm>
#include <map>
#include <set>

namespace longembed {

namespace {

/// A stream that only finds out how much memory graphs would take.
class MeasuringStream : public Stream {
public:
    explicit MeasuringStream(const llama_model & model) : Stream(model, 1) {}

    void run(ggml_cgraph * graph, Control & /*control*/) override {
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

    /// What the largest of the graphs needs of each kind of buffer.
    const BufferSizes & largest() const { return largest_; }

private:
    BufferSizes largest_;
};

/// The longest block, and the last one, whose sequence is the longest.
std::set<size_t> largest_of(const std::vector<Block> & blocks) {
    if (blocks.empty()) {
        return {};
    }
    const auto longest = std::max_element(blocks.begin(), blocks.end(),
                                          [](const Block & a, const Block & b) { return a.tokens < b.tokens; });
    return {static_cast<size_t>(longest - blocks.begin()), blocks.size() - 1};
}

/// Builds the graphs that need the most memory, the largest first.
void build_largest(const PassSetup & setup, Stream & stream, int number) {
    Control    control;
    WorkMeter  meter(control, setup.total_operations());
    const auto build = [&](auto work) {
        BlockPass pass(setup, stream, number, control, meter);
        work(pass);
        pass.flush();
    };

    const Layout &     layout = setup.layout;
    std::map<int, int> kinds; // the first layer of each kind
    for (int layer = 0; layer < setup.layers; ++layer) {
        kinds.emplace(setup.architecture.kind(setup.layer_numbers[layer]), layer);
    }
    for (size_t i : largest_of(layout.whole)) {
        build([&](BlockPass & pass) { pass.run_whole(layout.whole[i], layout.whole_contents[i]); });
    }
    // layers of a kind are alike, but for the last
    for (size_t i : largest_of(layout.parts)) {
        for (const auto & kind : kinds) {
            const int layer = kind.second;
            if (layer < setup.layers - 1) {
                build([&](BlockPass & pass) { pass.compute(layer, layout.parts[i]); });
            }
            build([&](BlockPass & pass) { pass.store_keys_and_values(layer, layout.parts[i]); });
        }
        if (setup.pools_rows) {
            const SequenceRange & all = layout.long_sequences;
            build([&](BlockPass & pass) { pass.compute_rows({all.first + all.count - 1, 1}); });
        } else {
            build([&](BlockPass & pass) { pass.compute(setup.layers - 1, layout.parts[i]); });
        }
        build([&](BlockPass & pass) { pass.embed_tokens(layout.parts[i]); });
    }
    if (setup.architecture.head() != nullptr && !setup.pools_rows) {
        build([&](BlockPass & pass) { pass.compute_head(Workspace::max_pooled); });
    }
}

} // namespace

BufferSizes measure_graphs(const PassSetup & setup, const llama_model & model) {
    MeasuringStream stream(model);
    build_largest(setup, stream, 0);
    return stream.largest();
}

void reserve_graphs(const PassSetup & setup, Stream & stream, int number) {
    struct Reserving {
        explicit Reserving(Stream & stream) : stream(stream) { stream.only_reserve(true); }
        ~Reserving() { stream.only_reserve(false); }
        Stream & stream;
    } const reserving(stream);
    build_largest(setup, stream, number);
}

} // namespace longembed
