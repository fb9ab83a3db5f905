// F16 and BF16 to floats: all 65,536 values of each, bit for bit, and counts that do not fill a vector.

#include <cmath>
#include <cstring>
#include <numeric>

#include "ggml.h"
#include "testing.h"

namespace longembed::test {

namespace {

void check_all(Dequantize convert, float (*expected_of)(uint16_t)) {
    std::vector<uint16_t> values(1 << 16);
    std::iota(values.begin(), values.end(), uint16_t{0});
    std::vector<float> floats(values.size());
    convert(values.data(), floats.data(), static_cast<int64_t>(values.size()));
    for (const uint16_t value : values) {
        const float expected = expected_of(value);
        const float computed = floats[value];
        const bool  same =
            std::isnan(expected) ? std::isnan(computed) : std::memcmp(&computed, &expected, sizeof(expected)) == 0;
        expect(same, "value " + std::to_string(value) + " is " + std::to_string(computed) + ", not " +
                         std::to_string(expected));
    }
    for (int64_t count = 0; count <= 40; ++count) {
        std::vector<float> some(41, 12345.0f);
        convert(values.data() + 15000, some.data(), count);
        for (int64_t i = 0; i < 41; ++i) {
            expect(some[i] == (i < count ? floats[15000 + i] : 12345.0f),
                   std::to_string(count) + " values: number " + std::to_string(i) + " is wrong");
        }
    }
}

float f16_value(uint16_t bits) {
    return ggml_fp16_to_fp32(bits);
}

float bf16_value(uint16_t bits) {
    return ggml_bf16_to_fp32(ggml_bf16_t{bits});
}

} // namespace

void add_convert_tests(std::vector<Test> & tests) {
    add_for_variants(tests, "F16 to floats", [](const KernelVariant &, const CpuKernels & kernels) {
        check_all(kernels.f16_to_f32, f16_value);
    });
    add_for_variants(tests, "BF16 to floats", [](const KernelVariant &, const CpuKernels & kernels) {
        check_all(kernels.bf16_to_f32, bf16_value);
    });
}

} // namespace longembed::test
