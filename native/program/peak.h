#pragma once

#include <cstdint>

/// The peak rate of a processor with one variant's instructions, for comparison with the kernels.
struct Peak {
    float (*run)(
        int64_t rounds); ///< runs rounds × operations floating-point operations; the result depends on all of them
    int64_t operations;
};
