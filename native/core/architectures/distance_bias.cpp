#include "distance_bias.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace longembed {

namespace {

/// T5's: from here on all distances share the last bucket.
constexpr int64_t t5_max_distance = 128;

/// The bucket of a distance (key index − query index), as T5's own code computes it: in single precision.
int64_t t5_bucket(int64_t distance, int64_t buckets) {
    const int64_t half  = buckets / 2;
    const int64_t exact = half / 2;
    const int64_t first = distance > 0 ? half : 0;
    const int64_t n     = std::abs(distance);
    if (n < exact) {
        return first + n;
    }
    const float share = std::log(static_cast<float>(n) / static_cast<float>(exact)) /
                        static_cast<float>(std::log(static_cast<double>(t5_max_distance) / static_cast<double>(exact)));
    const auto range = static_cast<int64_t>(share * static_cast<float>(half - exact));
    return first + std::min(half - 1, exact + range);
}

} // namespace

float DistanceBias::at(int64_t head, int64_t distance) const {
    if (table.empty()) {
        return -slopes[head] * static_cast<float>(std::abs(distance));
    }
    const int64_t column = std::clamp(distance, -max_distance, max_distance) + max_distance;
    return table[head * (2 * max_distance + 1) + column];
}

DistanceBias DistanceBias::alibi(int64_t heads) {
    int64_t power = 1;
    while (2 * power <= heads) {
        power *= 2;
    }
    DistanceBias bias;
    bias.heads = heads;
    for (int64_t head = 0; head < heads; ++head) {
        const double exponent = head < power
                                    ? -8.0 * static_cast<double>(head + 1) / static_cast<double>(power)
                                    : -4.0 * static_cast<double>(2 * (head - power) + 1) / static_cast<double>(power);
        bias.slopes.push_back(static_cast<float>(std::exp2(exponent)));
    }
    return bias;
}

DistanceBias DistanceBias::t5(const std::vector<float> & values, int64_t buckets, int64_t heads) {
    DistanceBias bias;
    bias.heads        = heads;
    bias.max_distance = t5_max_distance;
    for (int64_t head = 0; head < heads; ++head) {
        for (int64_t distance = -t5_max_distance; distance <= t5_max_distance; ++distance) {
            bias.table.push_back(values[t5_bucket(distance, buckets) * heads + head]);
        }
    }
    return bias;
}

} // namespace longembed
