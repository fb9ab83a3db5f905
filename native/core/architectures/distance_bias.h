#pragma once

#include <cstdint>
#include <vector>

namespace longembed {

/// What a model without positions adds to a logit for the distance of key and query (key index − query index): a
/// penalty that grows with it (ALiBi), or a number from a table that is constant past some distance (T5).
struct DistanceBias {
    int64_t            heads = 0;
    std::vector<float> slopes; ///< of each head: the bias is −slope · |distance|; empty where there is a table
    std::vector<float> table;  ///< [heads][2 · max_distance + 1], for distances −max_distance … max_distance
    int64_t            max_distance = 0; ///< larger distances count as this

    float at(int64_t head, int64_t distance) const;

    /// The slopes of ALiBi (arXiv 2108.12409): 2^(−8k/h) for k = 1 … h, with h the largest power of two within `heads`;
    /// heads past it take every other slope of twice as many.
    static DistanceBias alibi(int64_t heads);

    /// T5's buckets, both ways (arXiv 1910.10683): half of them for each direction, half of those for single distances,
    /// the rest for ranges that grow in proportion up to 128.
    /// @param values  [buckets][heads]
    static DistanceBias t5(const std::vector<float> & values, int64_t buckets, int64_t heads);
};

} // namespace longembed
