// LayerNorm and RMSNorm against doubles: rows of all lengths up to three blocks of vectors, with strides, in place, and
// of numbers far from 0.

#include <cmath>

#include "testing.h"

namespace longembed::test {

namespace {

struct Case {
    int64_t            rows;
    int64_t            n;
    int64_t            stride;
    bool               is_centered;
    bool               has_bias;
    std::vector<float> x;
    std::vector<float> weight;
    std::vector<float> bias;

    Case(Random & random, int64_t n, bool is_centered, bool has_bias, float offset)
        : rows(3), n(n), stride(n + random.whole(0, 5)), is_centered(is_centered), has_bias(has_bias),
          x(random.reals(rows * stride)), weight(random.reals(n)), bias(random.reals(n)) {
        for (float & number : x) {
            number += offset;
        }
    }

    NormRows to(float * y) const {
        return {x.data(), stride,      y,     stride,        rows,
                n,        is_centered, 1e-5f, weight.data(), has_bias ? bias.data() : nullptr};
    }

    double mean_of(int64_t row) const {
        double sum = 0.0;
        for (int64_t i = 0; is_centered && i < n; ++i) {
            sum += x[row * stride + i];
        }
        return sum / static_cast<double>(n);
    }

    /// What the numbers of a row are divided by.
    double deviation_of(int64_t row) const {
        const double mean = mean_of(row);
        double       sum  = 0.0;
        for (int64_t i = 0; i < n; ++i) {
            sum += std::pow(x[row * stride + i] - mean, 2);
        }
        return std::sqrt(sum / static_cast<double>(n) + 1e-5f);
    }
};

void check(NormKernel norm, const Case & c) {
    constexpr float    untouched = 12345.0f;
    std::vector<float> y(c.x.size(), untouched);
    norm(c.to(y.data()));
    for (int64_t row = 0; row < c.rows; ++row) {
        const double mean      = c.mean_of(row);
        const double deviation = c.deviation_of(row);
        // the mean is rounded, and so is what is multiplied
        const double tolerance = 2e-6 + 2e-7 * std::fabs(mean) / deviation;
        for (int64_t i = 0; i < c.stride; ++i) {
            const float at = y[row * c.stride + i];
            if (i >= c.n) {
                expect(at == untouched, "something is written past the end of row " + std::to_string(row));
                continue;
            }
            const double shift    = c.has_bias ? c.bias[i] : 0.0;
            const double expected = (c.x[row * c.stride + i] - mean) / deviation * c.weight[i] + shift;
            expect(std::fabs(at - expected) <= tolerance, std::to_string(c.n) + " numbers: number " +
                                                              std::to_string(i) + " is " + std::to_string(at) +
                                                              ", not " + std::to_string(expected));
        }
    }
    std::vector<float> in_place = c.x;
    NormRows           rows     = c.to(in_place.data());
    rows.x                      = in_place.data();
    norm(rows);
    for (int64_t at = 0; at < static_cast<int64_t>(y.size()); ++at) {
        expect(at % c.stride >= c.n || in_place[at] == y[at], "in place the bits differ");
    }
}

void check_all(NormKernel norm) {
    Random random(11);
    for (int64_t n = 1; n <= 200; ++n) {
        for (const bool is_centered : {true, false}) {
            for (const bool has_bias : {true, false}) {
                for (const float offset : {0.0f, 30.0f}) {
                    check(norm, Case(random, n, is_centered, has_bias, offset));
                }
            }
        }
    }
    check(norm, Case(random, 4096, true, true, 0.0f));
    check(norm, Case(random, 4097, false, false, 0.0f));
}

} // namespace

void add_norm_tests(std::vector<Test> & tests) {
    add_for_variants(tests, "norms",
                     [](const KernelVariant &, const CpuKernels & kernels) { check_all(kernels.norm); });
}

} // namespace longembed::test
