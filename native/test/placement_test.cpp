// Which layers go on which GPU, planned for devices that do not exist.

#include "devices/placement.h"
#include "testing.h"

namespace longembed::test {

namespace {

/// Ten layers of 100 bytes, 50 for what follows the last; 30 for activations, 20 for graphs, 5 to stay free.
const WeightSizes     weights{std::vector<uint64_t>(10, 100), 50};
const ComputeEstimate compute{30, 20};
constexpr uint64_t    margin = 5;
constexpr uint64_t    fixed  = 50 + 30 + 20 + margin;

/// "GPU0: 4, GPU1: 6": layers on each GPU in use, in the layers' order.
std::string plan(const WeightSizes & sizes, const ComputeEstimate & needed, uint64_t left_free,
                 const std::vector<uint64_t> & free) {
    std::vector<GpuCapacity> gpus;
    for (const uint64_t bytes : free) {
        gpus.push_back({"GPU" + std::to_string(gpus.size()), bytes});
    }
    std::string text;
    for (const Placement::GpuLayers & part : plan_placement(sizes, gpus, needed, left_free).gpus) {
        text += (text.empty() ? "" : ", ") + gpus[part.gpu].name + ": " + std::to_string(part.layers);
    }
    return text;
}

void expect_plan(const std::vector<uint64_t> & free, const std::string & expected) {
    const std::string planned = plan(weights, compute, margin, free);
    expect(planned == expected, "planned \"" + planned + "\", not \"" + expected + "\"");
}

} // namespace

void add_placement_tests(std::vector<Test> & tests) {
    tests.push_back({"placement: puts nothing anywhere without a GPU", [] { expect_plan({}, ""); }});
    tests.push_back({"placement: puts all layers on one GPU that holds exactly all",
                     [] { expect_plan({1000 + fixed}, "GPU0: 10"); }});
    tests.push_back({"placement: leaves the first layers out, one for each that does not fit", [] {
                         expect_plan({1000 + fixed - 1}, "GPU0: 9");
                         expect_plan({700 + fixed}, "GPU0: 7");
                         expect_plan({100 + fixed}, "GPU0: 1");
                     }});
    tests.push_back({"placement: puts nothing on a GPU too small for one layer and what goes with it", [] {
                         expect_plan({100 + fixed - 1}, "");
                         expect_plan({fixed - 1}, "");
                         expect_plan({0}, "");
                     }});
    tests.push_back({"placement: takes one GPU where all fits there, the one with the most memory", [] {
                         expect_plan({5000, 9000, 7000}, "GPU1: 10");
                     }});
    tests.push_back({"placement: spreads over GPUs: the last layers where most memory is, the others before them", [] {
                         // GPU1 takes 6 with all that is fixed; GPU0 needs memory for graphs and the margin only
                         expect_plan({425, 600 + fixed}, "GPU0: 4, GPU1: 6");
                         expect_plan({424, 600 + fixed}, "GPU0: 3, GPU1: 6");
                         expect_plan({225, 225, 600 + fixed}, "GPU1: 2, GPU0: 2, GPU2: 6");
                     }});
    tests.push_back({"placement: passes over GPUs too small to help", [] {
                         expect_plan({600 + fixed, 24, 124}, "GPU0: 6");
                     }});
    tests.push_back({"placement: counts layers of different sizes from the last", [] {
                         const WeightSizes sizes{{10, 10, 500, 100, 100}, 0};
                         expect(plan(sizes, {}, 0, {699}) == "GPU0: 2", "699 bytes");
                         expect(plan(sizes, {}, 0, {700}) == "GPU0: 3", "700 bytes");
                         expect(plan(sizes, {}, 0, {720}) == "GPU0: 5", "720 bytes");
                     }});
}

} // namespace longembed::test
