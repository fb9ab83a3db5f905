#pragma once

#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/cpu_kernels.h"

namespace longembed::test {

/// A named test. It fails by throwing, and is skipped by throwing Skip.
struct Test {
    std::string           name;
    std::function<void()> run;
};

class Skip : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Fails the test unless `condition` holds.
inline void expect(bool condition, const std::string & otherwise) {
    if (!condition) {
        throw std::runtime_error(otherwise);
    }
}

/// Uniform numbers in (−1, 1) and whole numbers, the same on every machine.
class Random {
public:
    explicit Random(uint32_t seed) : engine_(seed) {}

    float real() { return static_cast<float>(static_cast<double>(engine_()) / 2147483648.0 - 1.0); }

    int64_t whole(int64_t min, int64_t max) {
        return min + static_cast<int64_t>(engine_() % static_cast<uint64_t>(max - min + 1));
    }

    std::vector<float> reals(int64_t count, float factor = 1.0f) {
        std::vector<float> numbers(count);
        for (float & number : numbers) {
            number = factor * real();
        }
        return numbers;
    }

private:
    std::mt19937 engine_;
};

/// Adds a test for each kernel variant that was compiled; those that this processor cannot run are skipped.
inline void add_for_variants(std::vector<Test> & tests, const std::string & name,
                             const std::function<void(const KernelVariant &, const CpuKernels &)> & run) {
    for (const KernelVariant & variant : kernel_variants()) {
        tests.push_back({std::string(variant.name) + ": " + name, [variant, run] {
                             if (!variant.is_usable) {
                                 throw Skip(std::string(variant.name) + ": this processor has no " + variant.needs);
                             }
                             run(variant, variant.make());
                         }});
    }
}

void add_amx_tests(std::vector<Test> & tests);
void add_gemm_tests(std::vector<Test> & tests);
void add_attention_tests(std::vector<Test> & tests);
void add_dot_tests(std::vector<Test> & tests);
void add_row_search_tests(std::vector<Test> & tests);
void add_convert_tests(std::vector<Test> & tests);
void add_norm_tests(std::vector<Test> & tests);
void add_placement_tests(std::vector<Test> & tests);
void add_backend_tests(std::vector<Test> & tests);
void add_file_watch_tests(std::vector<Test> & tests);
void add_processor_features_tests(std::vector<Test> & tests);
void add_product_grid_tests(std::vector<Test> & tests);
void add_relative_speed_tests(std::vector<Test> & tests);
void add_right_of_way_tests(std::vector<Test> & tests);
void add_rope_tests(std::vector<Test> & tests);
void add_thread_choice_tests(std::vector<Test> & tests);
void add_thread_team_tests(std::vector<Test> & tests);

} // namespace longembed::test
