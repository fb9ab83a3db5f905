// Attention, compiled once for each instruction set; see simd.h.

#pragma once

#include <cmath>

#include "attention.h"
#include "attention_products.h"
#include "simd.h"

namespace longembed {

namespace {

static_assert(tile_queries % mr == 0 && tile_keys % (2 * width) == 0);

inline int64_t clamp(int64_t low, int64_t value, int64_t high) {
    return value < low ? low : (value > high ? high : value);
}

void copy_some(float * to, const float * from, int64_t begin, int64_t end) {
    if (end > begin) {
        __builtin_memcpy(to + begin, from + begin, (end - begin) * sizeof(float));
    }
}

/// The state of one tile of queries during its sweep over the keys. Scores and maxima are logarithms to base 2.
struct Sweep {
    const AttentionTile & tile;
    const int64_t         words; ///< of a query or key
    const float *         near;  ///< queries, scaled: [max_tile_queries][words]
    const float *         before;
    const float *         after;
    float *               out;    ///< [max_tile_queries][head size], not divided by the totals yet
    float *               totals; ///< [max_tile_queries][width]: a query's total is the sum of its lanes
    float *               scores; ///< [mr][tile_keys]
    float *               others; ///< the same, for scores of another rotation
    float                 max_score[max_tile_queries]; ///< weights are relative to this
    TilePrefetch          next_keys;                   ///< of the next tile
    TilePrefetch          next_values;
};

/// Up to mr queries of a tile: first … first + count − 1, padded with zeros.
struct Strip {
    int64_t first;
    int64_t count;
    int64_t index; ///< of the first, in its sequence
};

/// Replaces near scores by far ones in a tile that has both. `base` is the index of the tile's first key.
void mix_far_scores(Sweep & s, const Strip & strip, const float * far_keys, int64_t base) {
    const AttentionTile & t = s.tile;
    TilePrefetch          none;
    if (base <= strip.index + strip.count - 1 - t.window) {
        score(s.before + strip.first * s.words, s.words, far_keys, all_keys, s.others, none);
        for (int64_t r = 0; r < strip.count; ++r) {
            const int64_t end = clamp(0, strip.index + r - t.window - base + 1, tile_keys);
            copy_some(s.scores + r * tile_keys, s.others + r * tile_keys, 0, end);
        }
    }
    if (!t.causal && base + tile_keys - 1 >= strip.index + t.window) {
        score(s.after + strip.first * s.words, s.words, far_keys, all_keys, s.others, none);
        for (int64_t r = 0; r < strip.count; ++r) {
            const int64_t begin = clamp(0, strip.index + r + t.window - base, tile_keys);
            copy_some(s.scores + r * tile_keys, s.others + r * tile_keys, begin, tile_keys);
        }
    }
}

/// Scores of a strip against the keys in `range` of packed tile `number`; `base` is the index of the tile's first key.
void score_tile(Sweep & s, const Strip & strip, int64_t number, int64_t base, KeyRange range) {
    const AttentionTile & t    = s.tile;
    const int64_t         skip = strip.first * s.words;
    const float *         near = t.near_keys + number * tile_keys * s.words;
    if (t.window == 0) {
        score(s.near + skip, s.words, near, range, s.scores, s.next_keys);
        return;
    }
    const float * far = t.far_keys + number * tile_keys * s.words;
    if (base + tile_keys - 1 <= strip.index - t.window) {
        score(s.before + skip, s.words, far, range, s.scores, s.next_keys);
    } else if (base >= strip.index + strip.count - 1 + t.window) {
        score(s.after + skip, s.words, far, range, s.scores, s.next_keys);
    } else {
        score(s.near + skip, s.words, near, range, s.scores, s.next_keys);
        mix_far_scores(s, strip, far, base);
    }
}

constexpr float log2_e = 1.44269504f;

/// Adds to a row of scores what `bias` has for them.
inline void add_bias(const float * bias, float * row) {
    for (int64_t key = 0; key < tile_keys; key += width) {
        store(row + key, load(row + key) + log2_e * load(bias + key));
    }
}

/// Takes slope · |distance| off a row of scores; the first is at `distance`.
inline void subtract_slope(float slope, int64_t distance, float * row) {
    Vector at;
    for (int lane = 0; lane < width; ++lane) {
        at[lane] = static_cast<float>(distance + lane);
    }
    for (int64_t key = 0; key < tile_keys; key += width) {
        store(row + key, load(row + key) - log2_e * slope * (at < 0.0f ? -at : at));
        at += static_cast<float>(width);
    }
}

/// Adds to a strip's scores of the tile whose first key has index `base` what follows from distance.
void add_distance_bias(const Sweep & s, const Strip & strip, int64_t base) {
    const AttentionTile & t = s.tile;
    for (int64_t r = 0; r < strip.count; ++r) {
        const int64_t distance = base - (strip.index + r);
        if (t.bias != nullptr) {
            const int64_t first = clamp(-t.bias_reach - bias_padding, distance, t.bias_reach + 1);
            add_bias(t.bias + first + t.bias_reach + bias_padding, s.scores + r * tile_keys);
        } else if (t.slope != 0.0f) {
            subtract_slope(t.slope, distance, s.scores + r * tile_keys);
        }
    }
}

/// The maxima of a row's scores of the keys in `range`, lane by lane.
inline Vector max_lanes(const float * row, KeyRange range) {
    Vector max = load(row + range.begin);
    for (int64_t key = range.begin + width; key < range.end; key += width) {
        max = larger(max, load(row + key));
    }
    return max;
}

/// Raises the score that a query's weights are relative to, and rescales what was accumulated before.
void raise(Sweep & s, int64_t query, float max_score) {
    if (!(max_score > s.max_score[query])) {
        return;
    }
    if (s.max_score[query] > -INFINITY) { // else nothing was accumulated
        const float shrink = std::exp2(s.max_score[query] - max_score);
        float *     out    = s.out + query * s.tile.head_size;
        for (int64_t i = 0; i < s.tile.head_size; ++i) {
            out[i] *= shrink;
        }
        for (int i = 0; i < width; ++i) {
            s.totals[query * width + i] *= shrink;
        }
    }
    s.max_score[query] = max_score;
}

/// Weights need not be relative to the maximum: they may grow to 2^slack before the rest is rescaled.
constexpr float slack = 16.0f;

inline void raise_where_needed(Sweep & s, const Strip & strip, KeyRange range) {
    Bits above = {};
    for (int64_t r = 0; r < mr; ++r) {
        above |= max_lanes(s.scores + r * tile_keys, range) > s.max_score[strip.first + r] + slack;
    }
    if (any(above)) {
        for (int64_t r = 0; r < mr; ++r) {
            raise(s, strip.first + r, max_of(max_lanes(s.scores + r * tile_keys, range)));
        }
    }
}

/// `value` in the lanes of a row's vector at `key` whose keys are in `range`, `other` elsewhere.
inline Vector where_seen(KeyRange range, int64_t key, Vector value, float other) {
    Bits at;
    for (int lane = 0; lane < width; ++lane) {
        at[lane] = lane;
    }
    const auto begin = static_cast<int32_t>(range.begin - key);
    const auto end   = static_cast<int32_t>(range.end - key);
    return at >= begin && at < end ? value : all(other);
}

void hide_unseen(KeyRange seen, KeyRange range, float * row) {
    for (int64_t key = range.begin; key < range.end; key += width) {
        store(row + key, where_seen(seen, key, load(row + key), -INFINITY));
    }
}

/// Turns a row's scores of the keys in `range` into weights and adds them to its total; those of keys beyond `seen`
/// become 0, unless all are seen.
template <bool all_seen> inline void weigh(Sweep & s, int64_t query, float * row, KeyRange seen, KeyRange range) {
    Vector       total     = load(s.totals + query * width);
    const Vector max_score = all(s.max_score[query]);
    for (int64_t key = range.begin; key < range.end; key += 2 * width) {
        Vector weights[2] = {load(row + key) - max_score, load(row + key + width) - max_score};
        powers_of_two(weights);
        for (int i = 0; i < 2; ++i) {
            const int64_t at     = key + i * width;
            const Vector  weight = all_seen ? weights[i] : where_seen(seen, at, weights[i], 0.0f);
            store(row + at, weight);
            total += weight;
        }
    }
    store(s.totals + query * width, total);
}

void sweep_tile(Sweep & s, const Strip & strip, int64_t number, int64_t base, int64_t end) {
    const AttentionTile & t     = s.tile;
    const int64_t         begin = base < 0 ? -base : 0;
    const int64_t         stop  = smaller(tile_keys, end - base);
    const int64_t         ahead = t.causal ? 0 : t.reach;
    // the first and the last key that a row sees, within the tile; both move to the right from row to row
    const auto    first_seen = [&](int64_t r) { return clamp(begin, strip.index + r - t.reach - base, tile_keys); };
    const auto    end_seen   = [&](int64_t r) { return clamp(0, strip.index + r + ahead + 1 - base, stop); };
    const int64_t from       = first_seen(0);
    const int64_t to         = end_seen(strip.count - 1);

    if (to <= from) {
        return;
    }
    score_tile(s, strip, number, base, {from, to});
    add_distance_bias(s, strip, base);
    if (first_seen(strip.count - 1) == 0 && end_seen(0) == tile_keys) {
        raise_where_needed(s, strip, all_keys);
        for (int64_t r = 0; r < mr; ++r) {
            weigh<true>(s, strip.first + r, s.scores + r * tile_keys, all_keys, all_keys);
        }
    } else {
        constexpr int64_t pair = 2 * width; // of vectors, as weigh takes them
        const KeyRange    range{from & -pair, (to + pair - 1) & -pair};
        for (int64_t r = 0; r < mr; ++r) {
            hide_unseen({first_seen(r), end_seen(r)}, range, s.scores + r * tile_keys);
        }
        raise_where_needed(s, strip, range);
        for (int64_t r = 0; r < mr; ++r) {
            weigh<false>(s, strip.first + r, s.scores + r * tile_keys, {first_seen(r), end_seen(r)}, range);
        }
    }
    pack_words(s.scores, mr * tile_keys, s.scores);
    add_values(s.scores, t.values + number * words_for(tile_keys) * t.head_size, from / pack_factor, words_for(to),
               t.head_size, s.out + strip.first * t.head_size, s.next_values);
}

/// Words of a sequence's keys that the second-level cache holds beside its values.
constexpr int64_t few_key_words = 1 << 15;

/// The keys that most of a strip sees of tile `number`, whose first key has index `base`.
const float * keys_of(const Sweep & s, int64_t number, int64_t base) {
    const AttentionTile & t    = s.tile;
    const int64_t         skip = number * tile_keys * s.words;
    const bool is_near = base + tile_keys > t.first_index - t.window && base < t.first_index + t.queries + t.window;
    return (t.window == 0 || is_near ? t.near_keys : t.far_keys) + skip;
}

/// Packs the `count` numbers of a query times `factor`.
void scale_words(const float * from, int64_t count, float factor, float * to) {
    int64_t i = 0;
    for (; i + 2 * width <= count; i += 2 * width) {
        pack_words(factor * load(from + i), factor * load(from + i + width), to + i / pack_factor);
    }
    if (i < count) {
        float rest[2 * width] = {};
        __builtin_memcpy(rest, from + i, (count - i) * sizeof(float));
        pack_words(factor * load(rest), factor * load(rest + width), rest);
        __builtin_memcpy(to + i / pack_factor, rest, words_for(count - i) * sizeof(float));
    }
}

/// Queries of a tile with those that fill its last strip.
int64_t padded_queries(const AttentionTile & t) {
    return (t.queries + mr - 1) / mr * mr;
}

/// The packed queries times the logits' scale, and zeros for those that fill the last strip.
const float * scaled(const AttentionTile & t, const float * queries, float * to) {
    if (queries == nullptr) {
        return nullptr;
    }
    const float factor = t.scale * log2_e;
    for (int64_t query = 0; query < padded_queries(t); ++query) {
        float * row = to + query * words_for(t.head_size);
        if (query >= t.queries) {
            __builtin_memset(row, 0, words_for(t.head_size) * sizeof(float));
            continue;
        }
        scale_words(queries + query * t.query_stride, t.head_size, factor, row);
    }
    return to;
}

void attention(const AttentionTile & t, float * scratch) {
    const int64_t area   = max_tile_queries * t.head_size;
    float *       out    = scratch + 3 * area;
    float *       totals = out + area;
    float *       scores = totals + max_tile_queries * width;
    const float * near   = scaled(t, t.near_queries, scratch);
    const float * before = scaled(t, t.before_queries, scratch + area);
    const float * after  = scaled(t, t.after_queries, scratch + 2 * area);
    Sweep s{t, words_for(t.head_size), near, before, after, out, totals, scores, scores + mr * tile_keys, {}, {}, {}};
    __builtin_memset(out, 0, padded_queries(t) * t.head_size * sizeof(float));
    __builtin_memset(totals, 0, padded_queries(t) * width * sizeof(float));
    for (float & max_score : s.max_score) {
        max_score = -INFINITY;
    }

    // tiles that no query sees are not visited
    const int64_t end        = smaller(t.keys, t.first_index + t.queries + (t.causal ? 0 : t.reach));
    const int64_t first      = t.first_index > t.reach ? t.first_index - t.reach : 0;
    const int64_t first_tile = (t.first_key + first) / tile_keys;
    const int64_t end_tile   = (t.first_key + end + tile_keys - 1) / tile_keys;
    for (int64_t number = first_tile; number < end_tile; ++number) {
        const int64_t base = number * tile_keys - t.first_key; // negative where the sequence begins within the tile
        if (number + 1 < end_tile && t.keys * s.words > few_key_words) {
            const int64_t strips = (t.queries + mr - 1) / mr;
            const int64_t rows   = words_for(tile_keys);
            const float * values = t.values + (number + 1) * rows * t.head_size;
            s.next_keys          = prefetch_of(keys_of(s, number + 1, base + tile_keys), tile_keys, s.words, strips);
            s.next_values        = prefetch_of(values, t.head_size, rows, strips);
        }
        for (int64_t query = 0; query < t.queries; query += mr) {
            sweep_tile(s, {query, smaller(mr, t.queries - query), t.first_index + query}, number, base, end);
        }
    }

    for (int64_t query = 0; query < t.queries; ++query) {
        const float factor = 1.0f / sum_of(load(totals + query * width));
        for (int64_t i = 0; i < t.head_size; ++i) {
            t.out[query * t.out_stride + i] = factor * out[query * t.head_size + i];
        }
    }
}

} // namespace

} // namespace longembed
