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

#include "tile_attention_softmax.h"

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
/// @param between  called after the products by each tile of keys and queries
template <int tiles, typename Between>
void score_group(const SplitSweep & s, const float * keys, float * scores, const Between & between) {
    clear_sums<tiles>();
    for (int64_t block = 0; block < key_blocks(s.t.head_size); ++block) {
        const float * k = keys + block * logit_parts * tile_area;
        const float * q = s.queries + block * logit_parts * query_area;
        load_tile<3>(k);
        load_right<tiles>(q + 2 * query_area);
        multiply_right<tiles, 3>();
        between();
        load_right<tiles>(q + query_area);
        multiply_right<tiles, 3>();
        between();
        load_tile<7>(k + tile_area);
        multiply_right<tiles, 7>();
        load_right<tiles>(q);
        multiply_right<tiles, 7>();
        between();
        load_tile<7>(k + 2 * tile_area);
        multiply_right<tiles, 7>();
        between();
        multiply_right<tiles, 3>();
        keep_vectors_awake();
    }
    store_sums<tiles>(scores);
}

template <int tiles, typename Between> void score_tiles(const Step & step, const Between & between) {
    const SplitSweep &    s    = *step.sweep;
    const AttentionTile & t    = s.t;
    const float *         keys = t.near_keys + (t.first_key + step.base) / group_keys * key_group_floats(t.head_size);
    for (int64_t group = 0; group < step.groups(); ++group) {
        score_group<tiles>(s, keys + group * key_group_floats(t.head_size), step.scores + group * query_area, between);
    }
}

template <typename Between> void score(const Step & step, const Between & between) {
    switch (step.sweep->tiles) {
        case 1: return score_tiles<1>(step, between);
        case 2: return score_tiles<2>(step, between);
        default: return score_tiles<3>(step, between);
    }
}

/// Adds weights · values of some blocks of 32 keys for one tile of dimensions.
template <int tiles, typename Between> void add_tile_of_values(const SplitSweep & s, const float * weights,
                                                               const float * values, int64_t blocks, int64_t tile,
                                                               const Between & between) {
    const int64_t dimensions = value_tiles(s.t.head_size);
    float *       out        = s.out + tile * query_area;
    load_sums<tiles>(out);
    for (int64_t block = 0; block < blocks; ++block) {
        const float * v = values + (block * value_parts * dimensions + tile) * tile_area;
        const float * w = weights + block * 2 * query_area;
        load_tile<3>(v);
        load_right<tiles>(w + query_area);
        multiply_right<tiles, 3>();
        between();
        load_right<tiles>(w);
        multiply_right<tiles, 3>();
        between();
        load_tile<7>(v + dimensions * tile_area);
        multiply_right<tiles, 7>();
        keep_vectors_awake();
    }
    store_sums<tiles>(out);
}

template <int tiles, typename Between> void add_values_to_tiles(const Step & step, const Between & between) {
    const SplitSweep &    s      = *step.sweep;
    const AttentionTile & t      = s.t;
    const int64_t         slot   = t.first_key + step.base;
    const int64_t         whole  = step.count / block_keys; // blocks; a sequence of over 16 keys begins with one
    const int64_t         floats = value_block_floats(t.head_size);
    const float *         values = t.values + slot / block_keys * floats;
    const bool            is_cut = step.count % block_keys != 0;
    if (is_cut) {
        own_values(s, values + whole * floats, slot + whole * block_keys, step.count % block_keys);
    }
    for (int64_t tile = 0; tile < value_tiles(t.head_size); ++tile) {
        if (whole > 0) {
            add_tile_of_values<tiles>(s, step.scores, values, whole, tile, between);
        }
        if (is_cut) {
            add_tile_of_values<tiles>(s, step.scores + whole * 2 * query_area, s.values, 1, tile, between);
        }
    }
}

template <typename Between> void add_values(const Step & step, const Between & between) {
    switch (step.sweep->tiles) {
        case 1: return add_values_to_tiles<1>(step, between);
        case 2: return add_values_to_tiles<2>(step, between);
        default: return add_values_to_tiles<3>(step, between);
    }
}

/// Weighs a step's scores while the values of the step before it are added and the scores of the next one computed.
/// @tparam rows  of both of a pair of groups, which are weighed at once
template <bool is_whole, int rows> void weigh_between(const Step & step, const Step * before, const Step * next) {
    Weighing<is_whole> weighing(step);
    const auto         between = [&] { weighing.template advance<rows>(); };
    if (before != nullptr) {
        add_values(*before, between);
    }
    if (next != nullptr) {
        score(*next, between);
    }
    weighing.finish();
}

/// As many rows at once that what is to be weighed lasts for all products, which leave a place after two of three.
template <bool is_whole> void weigh_between(const Step & step, const Step * before, const Step * next) {
    switch (key_blocks(step.sweep->t.head_size)) {
        case 1: return weigh_between<is_whole, 4>(step, before, next);
        case 2:
        case 3: return weigh_between<is_whole, 2>(step, before, next);
        default: return weigh_between<is_whole, 1>(step, before, next);
    }
}

/// The steps of some tiles of queries in the order in which they are computed: those of a few hundred keys for one tile
/// after the other, so that keys and values come from afar once for all of them.
class StepOrder {
public:
    StepOrder(const SplitSweep * sweeps, int64_t count, float * scores)
        : sweeps_(sweeps), count_(count), scores_(scores), chunk_(sweeps[0].first / step_keys * step_keys) {}

    /// @return whether there was one more
    bool next(Step & step) {
        for (; chunk_ < sweeps_[count_ - 1].end; chunk_ += chunk_keys, sweep_ = 0) {
            for (; sweep_ < count_; ++sweep_, base_ = 0) {
                const SplitSweep & s    = sweeps_[sweep_];
                const int64_t      from = larger(larger(chunk_, s.first / step_keys * step_keys), base_);
                if (from < smaller(s.end, chunk_ + chunk_keys)) {
                    step  = step_from(s, from);
                    base_ = from + step_keys;
                    return true;
                }
            }
        }
        return false;
    }

private:
    static constexpr int64_t chunk_keys = 4 * step_keys;

    Step step_from(const SplitSweep & s, int64_t base) {
        const AttentionTile & t     = s.t;
        const int64_t         last  = t.first_index + t.queries - 1;
        const int64_t         count = smaller(step_keys, s.end - base);
        const bool            whole =
            count == step_keys && base >= last - t.reach && base + step_keys - 1 <= t.first_index + s.ahead();
        return {&s, base, count, whole, scores_ + number_++ % steps_at_once * step_floats};
    }

    const SplitSweep * const sweeps_;
    const int64_t            count_;
    float * const            scores_; ///< of steps_at_once steps
    int64_t                  chunk_;
    int64_t                  sweep_  = 0;
    int64_t                  base_   = 0; ///< no step before it is left of this tile and these keys
    int64_t                  number_ = 0; ///< of the next step
};

void sweep_all(StepOrder & order) {
    constexpr auto nothing = [] {};
    Step           before{};
    Step           step{};
    Step           next{};
    bool           is_left = order.next(step);
    score(step, nothing);
    while (is_left) {
        is_left = order.next(next);
        if (!step.is_whole || step.sweep->t.slope != 0.0f) {
            mask_scores(step);
        }
        const TopScores tops(step);
        if (tops.exceed(step)) {
            if (before.sweep == step.sweep) { // its weights are relative to what is raised now
                add_values(before, nothing);
                before.sweep = nullptr;
            }
            raise_lanes(step, tops);
        }
        const Step * const added  = before.sweep == nullptr ? nullptr : &before;
        const Step * const scored = is_left ? &next : nullptr;
        if (step.is_whole) {
            weigh_between<true>(step, added, scored);
        } else {
            weigh_between<false>(step, added, scored);
        }
        before = step;
        step   = next;
    }
    add_values(before, nothing);
}

void split_attention(const AttentionTile & t, float * scratch) {
    SplitSweep    sweeps[max_split_tiles] = {};
    const int64_t count                   = (t.queries + tile_queries - 1) / tile_queries;
    float * const shared                  = scratch + count * sweep_floats(t.head_size);
    for (int64_t i = 0; i < count; ++i) {
        sweeps[i] = new_sweep(t, i * tile_queries, scratch + i * sweep_floats(t.head_size),
                              shared + steps_at_once * step_floats);
    }
    const Tiles in_use;
    StepOrder   order(sweeps, count, shared);
    sweep_all(order);
    for (int64_t i = 0; i < count; ++i) {
        write_heads(sweeps[i]);
    }
}

} // namespace

} // namespace longembed
