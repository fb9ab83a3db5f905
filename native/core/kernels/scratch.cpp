#include "scratch.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace longembed {

float * scratch_floats(int64_t count) {
    constexpr size_t line = 64;
    thread_local std::vector<float> memory;
    memory.resize(std::max(memory.size(), static_cast<size_t>(count) + line / sizeof(float)));
    void * start = memory.data();
    size_t space = memory.size() * sizeof(float);
    return static_cast<float *>(std::align(line, static_cast<size_t>(count) * sizeof(float), start, space));
}

} // namespace longembed
