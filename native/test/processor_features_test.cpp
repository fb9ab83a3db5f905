// What the processor says of itself, against what Linux has found.

#include "kernels/processor_features.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <string>

#include "testing.h"

namespace longembed::test {

namespace {

/// The flags of the first processor in /proc/cpuinfo, each between spaces; "" where there is no such file or line.
std::string linux_flags() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("flags", 0) == 0) {
            return line.substr(line.find(':') + 1) + " ";
        }
    }
    return "";
}

void test_against_linux() {
    const std::string flags = linux_flags();
    if (flags.empty()) {
        throw Skip("there is no /proc/cpuinfo with flags");
    }
    const auto has = [&](std::initializer_list<const char *> names) {
        return std::all_of(names.begin(), names.end(), [&](const char * name) {
            return flags.find(" " + std::string(name) + " ") != std::string::npos;
        });
    };
    const ProcessorFeatures features = processor_features();
    expect(features.avx2 == has({"avx2", "fma", "f16c"}), "AVX2");
    expect(features.avx512 == has({"avx512f", "avx512dq", "fma"}), "AVX-512");
    expect(features.avx512_bf16 == has({"avx512f", "avx512_bf16"}), "AVX512-BF16");
    expect(features.amx_bf16 == has({"amx_tile", "amx_bf16"}), "AMX");
}

} // namespace

void add_processor_features_tests(std::vector<Test> & tests) {
    tests.push_back({"processor features: as Linux found them", test_against_linux});
}

} // namespace longembed::test
