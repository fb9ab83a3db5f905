#include "graph_memory.h"

#include <algorithm>
#include <set>

namespace longembed {

namespace {

/// The longest block, and the last one, whose sequence is the longest.
std::set<size_t> most_demanding(const std::vector<Block> & blocks) {
    if (blocks.empty()) {
        return {};
    }
    const auto longest = std::max_element(blocks.begin(), blocks.end(), [](const Block & a, const Block & b) { return a.tokens < b.tokens; });
    return {static_cast<size_t>(longest - blocks.begin()), blocks.size() - 1};
}

/// Builds the graphs that need most, those before the others.
void build_largest(const PassSetup & setup, Lane & lane, int number) {
    Control    control;
    WorkMeter  meter(control, setup.total_operations());
    const auto build = [&](auto work) {
        BlockPass pass(setup, lane, number, control, meter);
        work(pass);
        pass.flush();
    };

    const Layout & layout = setup.layout;
    for (size_t i : most_demanding(layout.whole)) {
        build([&](BlockPass & pass) { pass.run_whole(layout.whole[i], layout.whole_contents[i]); });
    }
    // layers are alike, but for the last
    for (size_t i : most_demanding(layout.parts)) {
        if (setup.layers > 1) {
            build([&](BlockPass & pass) { pass.compute(0, layout.parts[i]); });
        }
        if (setup.pools_rows) {
            const SequenceRange & all = layout.long_sequences;
            build([&](BlockPass & pass) { pass.compute_rows({all.first + all.count - 1, 1}); });
        } else {
            build([&](BlockPass & pass) { pass.compute(setup.layers - 1, layout.parts[i]); });
        }
        build([&](BlockPass & pass) { pass.fill_keys_and_values(0, layout.parts[i]); });
        build([&](BlockPass & pass) { pass.embed_tokens(layout.parts[i]); });
    }
}

} // namespace

BufferSizes measure_graphs(const PassSetup & setup, const llama_model & model) {
    MeasuringLane lane(model);
    build_largest(setup, lane, 0);
    return lane.largest();
}

void reserve_graphs(const PassSetup & setup, Lane & lane, int number) {
    struct Reserving {
        explicit Reserving(Lane & lane) : lane(lane) { lane.only_reserve(true); }
        ~Reserving() { lane.only_reserve(false); }
        Lane & lane;
    } const reserving(lane);
    build_largest(setup, lane, number);
}

} // namespace longembed
