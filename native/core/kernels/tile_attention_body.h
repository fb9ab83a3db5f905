// Attention over AMX's tiles, compiled once for each precision; see simd.h and tiles.h. Numbers are split into BF16
// ones (bf16_parts.h): queries and keys into three, since an error of a logit is one of the weight's size, weights and
// values into two.
//
// Everything is transposed: scores are keys · queriesᵀ, and outputs valuesᵀ · weightsᵀ. A vector then holds the same
// key of 16 queries: their maxima and totals need no sums across lanes, and the scores of keys j and j + 16, turned
// into weights and split, are a row of the second product's tile, in the place where they were. A tile of queries
// sweeps over its sequence's keys in steps, counted from the sequence's first key, so that no bit depends on where it
// lies.

#pragma once

#include <cmath>

#include "tile_attention_pack.h"

namespace longembed {

namespace {

// Tiles 0 … 2 are sums, of as many tiles of queries; 4 … 6 the queries' or the weights' parts; 3 and 7 keys' or
// values'.

template <int tiles> inline void load_right(const float * from) {
    load_tile<4>(from);
    if constexpr (tiles > 1) {
        load_tile<5>(from + tile_area);
    }
    if constexpr (tiles > 2) {
        load_tile<6>(from + 2 * tile_area);
    }
}

template <int tiles, int left> inline void multiply_right() {
    multiply_tiles<0, left, 4>();
    if constexpr (tiles > 1) {
        multiply_tiles<1, left, 5>();
    }
    if constexpr (tiles > 2) {
        multiply_tiles<2, left, 6>();
    }
}

template <int tiles> inline void clear_sums() {
    clear_tile<0>();
    clear_tile<1>();
    clear_tile<2>();
}

template <int tiles> inline void load_sums(const float * from) {
    load_tile<0>(from);
    if constexpr (tiles > 1) {
        load_tile<1>(from + tile_area);
    }
    if constexpr (tiles > 2) {
        load_tile<2>(from + 2 * tile_area);
    }
}

template <int tiles> inline void store_sums(float * to) {
    store_tile<0>(to);
    if constexpr (tiles > 1) {
        store_tile<1>(to + tile_area);
    }
    if constexpr (tiles > 2) {
        store_tile<2>(to + 2 * tile_area);
    }
}

/// Scores of 16 keys: of three parts of both, the products down to 2^-16.
template <int tiles> void score_group(const SplitSweep & s, const float * keys, float * scores) {
    clear_sums<tiles>();
    for (int64_t block = 0; block < key_blocks(s.t.head_size); ++block) {
        const float * k = keys + block * logit_parts * tile_area;
        const float * q = s.queries + block * logit_parts * query_area;
        load_tile<3>(k);
        load_right<tiles>(q + 2 * query_area);
        multiply_right<tiles, 3>();
        load_right<tiles>(q + query_area);
        multiply_right<tiles, 3>();
        load_tile<7>(k + tile_area);
        multiply_right<tiles, 7>();
        load_right<tiles>(q);
        multiply_right<tiles, 7>();
        load_tile<7>(k + 2 * tile_area);
        multiply_right<tiles, 7>();
        multiply_right<tiles, 3>();
        keep_vectors_awake();
    }
    store_sums<tiles>(scores);
}

/// Adds weights · values of some blocks of 32 keys for one tile of dimensions.
template <int tiles> void add_tile_of_values(const SplitSweep & s, const float * weights, const float * values,
                                             int64_t blocks, int64_t tile) {
    const int64_t dimensions = value_tiles(s.t.head_size);
    float *       out        = s.out + tile * query_area;
    load_sums<tiles>(out);
    for (int64_t block = 0; block < blocks; ++block) {
        const float * v = values + (block * value_parts * dimensions + tile) * tile_area;
        const float * w = weights + block * 2 * query_area;
        load_tile<3>(v);
        load_right<tiles>(w + query_area);
        multiply_right<tiles, 3>();
        load_right<tiles>(w);
        multiply_right<tiles, 3>();
        load_tile<7>(v + dimensions * tile_area);
        multiply_right<tiles, 7>();
        keep_vectors_awake();
    }
    store_sums<tiles>(out);
}

/// Some keys of a step: base … base + count − 1 of the sequence.
struct Step {
    int64_t base;
    int64_t count;
    bool    is_whole; ///< every query sees all step_keys of them
};

inline Vector lane_numbers(float first) {
    Vector at;
    for (int lane = 0; lane < width; ++lane) {
        at[lane] = first + static_cast<float>(lane);
    }
    return at;
}

/// Takes slope · |distance| off a step's scores, and makes those of keys that a query does not see −inf.
void mask_scores(const SplitSweep & s, const Step & step, int64_t groups) {
    const AttentionTile & t     = s.t;
    const float           ahead = t.causal ? 0.0f : static_cast<float>(smaller(t.reach, t.keys));
    const float           reach = static_cast<float>(smaller(t.reach, t.keys));
    const Vector          none  = all(-INFINITY);
    for (int64_t key = 0; key < groups * group_keys; ++key) {
        for (int64_t lane = 0; lane < s.tiles * tile_words; lane += width) {
            float * row = s.scores + (key / group_keys * query_tiles + lane / tile_words) * tile_area +
                          key % group_keys * tile_words + lane % tile_words;
            if (key >= step.count) {
                store(row, none);
                continue;
            }
            // distances of up to 2^24 are exact
            const Vector distance =
                static_cast<float>(step.base + key) - lane_numbers(static_cast<float>(t.first_index + lane));
            Vector score = load(row);
            if (t.slope != 0.0f) {
                score -= log2_e * t.slope * (distance < 0.0f ? -distance : distance);
            }
            score = distance > ahead ? none : score;
            store(row, distance < -reach ? none : score);
        }
    }
}

/// Raises the scores that queries' weights are relative to where one exceeds it too far, and rescales what there is.
void raise_lanes(const SplitSweep & s, int64_t groups) {
    for (int64_t lane = 0; lane < s.tiles * tile_words; lane += width) {
        const int64_t at  = lane / tile_words * tile_area + lane % tile_words;
        Vector        top = all(-INFINITY);
        for (int64_t group = 0; group < groups; ++group) {
            for (int64_t key = 0; key < group_keys; ++key) {
                top = larger(load(s.scores + group * query_area + at + key * tile_words), top);
            }
        }
        const Vector old   = load(s.max_score + lane);
        const Bits   above = top > old + slack;
        if (!any(above)) {
            continue;
        }
        const Vector raised = above ? top : old;
        const Vector shrink = above ? power_of_two(old - raised) : all(1.0f);
        store(s.max_score + lane, raised);
        store(s.totals + lane, load(s.totals + lane) * shrink);
        for (int64_t tile = 0; tile < value_tiles(s.t.head_size); ++tile) {
            for (int64_t row = 0; row < tile_rows; ++row) {
                float * out = s.out + tile * query_area + at + row * tile_words;
                store(out, load(out) * shrink);
            }
        }
    }
}

/// Turns scores into weights, adds them to the totals, and splits them in their place.
template <bool is_whole> void weigh_groups(const SplitSweep & s, int64_t groups) {
    const auto weight_of = [](const float * from, Vector max_score) {
        const Vector score  = load(from);
        const Vector weight = power_of_two(score - max_score);
        return is_whole ? weight : (score == -INFINITY ? Vector{} : weight);
    };
    for (int64_t lane = 0; lane < s.tiles * tile_words; lane += width) {
        const int64_t at        = lane / tile_words * tile_area + lane % tile_words;
        const Vector  max_score = load(s.max_score + lane);
        Vector        total     = load(s.totals + lane);
        for (int64_t group = 0; group < groups; group += 2) {
            float * low  = s.scores + group * query_area + at;
            float * high = low + query_area;
            for (int64_t key = 0; key < group_keys; ++key) {
                const Vector of_low  = weight_of(low + key * tile_words, max_score);
                const Vector of_high = weight_of(high + key * tile_words, max_score);
                total += of_low + of_high;
                Vector words[value_parts];
                split(of_low, of_high, words);
                store(low + key * tile_words, words[0]);
                store(high + key * tile_words, words[1]);
            }
        }
        store(s.totals + lane, total);
    }
}

template <int tiles> void sweep_step(const SplitSweep & s, const Step & step) {
    const AttentionTile & t      = s.t;
    const int64_t         slot   = t.first_key + step.base;
    const int64_t         groups = (step.count + group_keys - 1) / group_keys;
    const int64_t         even   = (groups + 1) / 2 * 2;
    for (int64_t group = 0; group < groups; ++group) {
        const float * keys = t.near_keys + (slot / group_keys + group) * key_group_floats(t.head_size);
        score_group<tiles>(s, keys, s.scores + group * query_area);
    }
    if (!step.is_whole || t.slope != 0.0f) {
        mask_scores(s, step, even);
    }
    raise_lanes(s, even);
    if (step.is_whole) {
        weigh_groups<true>(s, even);
    } else {
        weigh_groups<false>(s, even);
    }

    const int64_t whole  = step.count / block_keys; // blocks; a sequence of over 16 keys begins with one
    const int64_t floats = value_block_floats(t.head_size);
    const float * values = t.values + slot / block_keys * floats;
    const bool    is_cut = step.count % block_keys != 0;
    if (is_cut) {
        own_values(s, values + whole * floats, slot + whole * block_keys, step.count % block_keys);
    }
    for (int64_t tile = 0; tile < value_tiles(t.head_size); ++tile) {
        if (whole > 0) {
            add_tile_of_values<tiles>(s, s.scores, values, whole, tile);
        }
        if (is_cut) {
            add_tile_of_values<tiles>(s, s.scores + whole * 2 * query_area, s.values, 1, tile);
        }
    }
}

/// Divides by the totals, transposes and writes.
void write_heads(const SplitSweep & s) {
    const AttentionTile & t = s.t;
    for (int64_t lane = 0; lane < smaller(s.tiles * tile_words, t.queries); lane += width) {
        const Vector factor = 1.0f / load(s.totals + lane);
        for (int64_t dimension = 0; dimension < t.head_size; dimension += width) {
            const float * from = s.out + (dimension / tile_rows * query_tiles + lane / tile_words) * tile_area +
                                 dimension % tile_rows * tile_words + lane % tile_words;
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(from + i * tile_words) * factor;
            }
            transpose(square);
            const int64_t count = smaller(width, t.head_size - dimension);
            for (int64_t i = 0; i < smaller(width, t.queries - lane); ++i) {
                __builtin_memcpy(t.out + (lane + i) * t.out_stride + dimension, &square[i], count * sizeof(float));
            }
        }
    }
}

template <int tiles> void sweep_all(const SplitSweep & s) {
    const AttentionTile & t     = s.t;
    const int64_t         last  = t.first_index + t.queries - 1;
    const int64_t         ahead = t.causal ? 0 : t.reach;
    const int64_t         first = t.first_index > t.reach ? t.first_index - t.reach : 0;
    const int64_t         end   = smaller(t.keys, last + 1 + ahead);
    for (int64_t base = first / step_keys * step_keys; base < end; base += step_keys) {
        const int64_t count = smaller(step_keys, end - base);
        const bool    whole =
            count == step_keys && base >= last - t.reach && base + step_keys - 1 <= t.first_index + ahead;
        sweep_step<tiles>(s, {base, count, whole});
    }
}

void split_attention(const AttentionTile & t, float * scratch) {
    SplitSweep s{t, (t.queries + tile_words - 1) / tile_words, scratch, nullptr, nullptr, nullptr, nullptr, nullptr};
    s.scores    = s.queries + key_blocks(t.head_size) * logit_parts * query_area;
    s.out       = s.scores + step_keys / group_keys * query_area;
    s.totals    = s.out + value_tiles(t.head_size) * query_area;
    s.max_score = s.totals + query_tiles * tile_words;
    s.values    = s.max_score + query_tiles * tile_words;
    __builtin_memset(s.out, 0, value_tiles(t.head_size) * query_area * sizeof(float));
    for (int64_t i = 0; i < query_tiles * tile_words; ++i) {
        s.totals[i]    = 0.0f;
        s.max_score[i] = -INFINITY;
    }
    pack_queries(s);
    const Tiles in_use;
    switch (s.tiles) {
        case 1: sweep_all<1>(s); break;
        case 2: sweep_all<2>(s); break;
        default: sweep_all<3>(s); break;
    }
    write_heads(s);
}

} // namespace

} // namespace longembed
