// Between the two products of attention over AMX's tiles: scores that become weights. Compiled once for each precision;
// see simd.h and tile_attention_body.h.

#pragma once

#include <cmath>

#include "tile_attention_pack.h"

namespace longembed {

namespace {

/// Some keys for one tile of queries: base … base + count − 1 of the sequence. Scores are logarithms to base 2.
struct Step {
    const SplitSweep * sweep;
    int64_t            base;
    int64_t            count;
    bool               is_whole; ///< every query sees all step_keys of them
    float *            scores;   ///< [step_keys / 16][query_tiles][16 keys][16 queries], then weights' parts

    int64_t groups() const { return (count + group_keys - 1) / group_keys; }
    /// Groups that are weighed: blocks of values are two of them.
    int64_t weighed_groups() const { return (groups() + 1) / 2 * 2; }
    int64_t lanes() const { return sweep->tiles * tile_words; }
};

inline Vector lane_numbers(float first) {
    Vector at;
    for (int lane = 0; lane < width; ++lane) {
        at[lane] = first + static_cast<float>(lane);
    }
    return at;
}

/// Makes the scores of what is no key of the step −inf.
void mask_padding(const Step & step) {
    for (int64_t key = step.count; key < step.weighed_groups() * group_keys; ++key) {
        for (int64_t lane = 0; lane < step.lanes(); lane += width) {
            store(step.scores + key / group_keys * query_area + key % group_keys * tile_words + lane_place(lane),
                  all(-INFINITY));
        }
    }
}

/// Takes slope · |distance| off a step's scores, and makes those of keys that a query does not see −inf.
void mask_scores(const Step & step) {
    const AttentionTile & t = step.sweep->t;
    mask_padding(step);
    if (!t.causal && t.reach >= t.keys && t.slope == 0.0f) {
        return;
    }
    const float  ahead = t.causal ? 0.0f : static_cast<float>(smaller(t.reach, t.keys));
    const float  reach = static_cast<float>(smaller(t.reach, t.keys));
    const Vector none  = all(-INFINITY);
    for (int64_t lane = 0; lane < step.lanes(); lane += width) {
        const Vector query = lane_numbers(static_cast<float>(t.first_index + lane));
        for (int64_t key = 0; key < step.count; ++key) {
            float * row =
                step.scores + key / group_keys * query_area + key % group_keys * tile_words + lane_place(lane);
            // distances of up to 2^24 are exact
            const Vector distance = static_cast<float>(step.base + key) - query;
            Vector       score    = load(row);
            if (t.slope != 0.0f) {
                score -= log2_e * t.slope * (distance < 0.0f ? -distance : distance);
            }
            score = distance > ahead ? none : score;
            store(row, distance < -reach ? none : score);
        }
    }
}

/// The largest score of each query in a step.
struct TopScores {
    Vector of[tile_queries / width];

    explicit TopScores(const Step & step) {
        for (int64_t lane = 0; lane < step.lanes(); lane += width) {
            of[lane / width] = of_lanes(step, lane);
        }
    }

    /// Whether one exceeds too far what weights are relative to.
    bool exceed(const Step & step) const {
        Bits above = {};
        for (int64_t lane = 0; lane < step.lanes(); lane += width) {
            above |= of[lane / width] > load(step.sweep->max_score + lane) + slack;
        }
        return any(above);
    }

private:
    static inline Vector of_lanes(const Step & step, int64_t lane) {
        Vector tops[4]; // each maximum waits for the one before it
        for (Vector & top : tops) {
            top = all(-INFINITY);
        }
        for (int64_t group = 0; group < step.weighed_groups(); ++group) {
            const float * scores = step.scores + group * query_area + lane_place(lane);
            for (int64_t key = 0; key < group_keys; key += 4) {
                for (int64_t i = 0; i < 4; ++i) {
                    tops[i] = larger(load(scores + (key + i) * tile_words), tops[i]);
                }
            }
        }
        return larger(larger(tops[0], tops[1]), larger(tops[2], tops[3]));
    }
};

/// Raises the scores that queries' weights are relative to where one exceeds it too far, and rescales what there is.
void raise_lanes(const Step & step, const TopScores & tops) {
    const SplitSweep & s = *step.sweep;
    for (int64_t lane = 0; lane < step.lanes(); lane += width) {
        const Vector top   = tops.of[lane / width];
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
                float * out = s.out + tile * query_area + lane_place(lane) + row * tile_words;
                store(out, load(out) * shrink);
            }
        }
    }
}

/// Turns a step's scores into weights, adds them to the totals and splits them in their place, a few at a time: between
/// tiles' products, beside which the vector unit would be idle.
/// @tparam is_whole  of the step
template <bool is_whole> class Weighing {
public:
    explicit Weighing(const Step & step)
        : sweep_(*step.sweep), scores_(step.scores), rows_(step.weighed_groups() / 2 * group_keys),
          lanes_(step.lanes()) {}

    /// Goes on by `rows` keys, and those 16 after them, of `width` queries.
    /// @tparam rows  divides group_keys
    template <int rows> inline void advance() {
        if (lane_ == lanes_) {
            return;
        }
        float * low = scores_ + row_ / group_keys * 2 * query_area + row_ % group_keys * tile_words + lane_place(lane_);
        float * high           = low + query_area;
        const Vector max_score = load(sweep_.max_score + lane_);
        Vector       total     = load(sweep_.totals + lane_);
        Vector       scores[2 * rows];
        Vector       weights[2 * rows];
        for (int row = 0; row < rows; ++row) {
            scores[2 * row]     = load(low + row * tile_words);
            scores[2 * row + 1] = load(high + row * tile_words);
        }
        for (int i = 0; i < 2 * rows; ++i) {
            weights[i] = scores[i] - max_score;
        }
        powers_of_two(weights);
        for (int row = 0; row < rows; ++row) {
            Vector * const both = weights + 2 * row;
            if constexpr (!is_whole) {
                for (int i = 0; i < 2; ++i) {
                    both[i] = scores[2 * row + i] == -INFINITY ? Vector{} : both[i];
                }
            }
            total += both[0] + both[1];
            Vector words[value_parts];
            split(both[0], both[1], words);
            store(low + row * tile_words, words[0]);
            store(high + row * tile_words, words[1]);
        }
        store(sweep_.totals + lane_, total);
        row_ += rows;
        if (row_ == rows_) {
            row_ = 0;
            lane_ += width;
        }
    }

    void finish() {
        while (lane_ < lanes_) {
            advance<4>();
        }
    }

private:
    const SplitSweep & sweep_;
    float * const      scores_;
    const int64_t      rows_;
    const int64_t      lanes_;
    int64_t            lane_ = 0;
    int64_t            row_  = 0;
};

} // namespace

} // namespace longembed
