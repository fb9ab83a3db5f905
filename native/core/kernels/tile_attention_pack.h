// How keys, values, queries and outputs lie in AMX's tiles; see tile_attention_body.h.

#pragma once

#include <cmath>
#include <cstdint>

#include "attention_body.h"
#include "bf16_parts.h"
#include "tiles.h"

namespace longembed {

namespace {

constexpr int     logit_parts     = 3; ///< of queries and keys
constexpr int     value_parts     = 2; ///< of weights and values
constexpr int64_t step_keys       = 128;
constexpr int64_t group_keys      = tile_rows; ///< a tile of keys
constexpr int64_t block_keys      = split_numbers;
constexpr int64_t query_tiles     = tile_queries / tile_words;
constexpr int64_t max_split_tiles = max_split_queries / tile_queries;
static_assert(query_tiles == 3 && step_keys % tile_keys == 0 && tile_keys % block_keys == 0);

/// Blocks of 32 dimensions, which keys are padded to, and tiles of 16, which values are.
constexpr int64_t key_blocks(int64_t head_size) {
    return (head_size + split_numbers - 1) / split_numbers;
}
constexpr int64_t value_tiles(int64_t head_size) {
    return (head_size + tile_rows - 1) / tile_rows;
}

// Floats that 16 keys take, [block of dimensions][part][16 keys][16 words], and 32 values, [part][tile of
// dimensions][16 dimensions][16 words]: keys j and j + 16 of the 32 share word j.
constexpr int64_t key_group_floats(int64_t head_size) {
    return key_blocks(head_size) * logit_parts * tile_area;
}
constexpr int64_t value_block_floats(int64_t head_size) {
    return value_parts * value_tiles(head_size) * tile_area;
}

int64_t split_key_floats(int64_t head_size) {
    return tile_keys / group_keys * key_group_floats(head_size);
}

int64_t split_value_floats(int64_t head_size) {
    return tile_keys / block_keys * value_block_floats(head_size);
}

void pack_split_key(const float * key, int64_t size, int64_t slot, void * head) {
    float * to =
        static_cast<float *>(head) + slot / group_keys * key_group_floats(size) + slot % group_keys * tile_words;
    float end[split_numbers];
    for (int64_t block = 0; block < key_blocks(size); ++block) {
        const float * numbers = numbers_of_block(key, block * split_numbers, size, end);
        for (int64_t word = 0; word < split_words; word += width) {
            Vector words[logit_parts];
            split(load(numbers + word), load(numbers + word + split_words), words);
            for (int part = 0; part < logit_parts; ++part) {
                store(to + (block * logit_parts + part) * tile_area + word, words[part]);
            }
        }
    }
}

void pack_split_value(const float * value, int64_t size, int64_t slot, void * head) {
    const int64_t tiles = value_tiles(size);
    uint16_t *    to =
        reinterpret_cast<uint16_t *>(static_cast<float *>(head) + slot / block_keys * value_block_floats(size)) +
        2 * (slot % tile_words) + slot % block_keys / tile_words;
    for (int64_t i = 0; i < tiles * tile_rows; i += width) {
        const int64_t left = size - i;
        Vector        rest = left >= width ? load(value + i) : left > 0 ? load_partial(value + i, left) : Vector{};
        for (int part = 0; part < value_parts; ++part) {
            const Words words = nearest(rest);
            rest -= same_bits<Vector>(words & upper_half);
            for (int lane = 0; lane < width; ++lane) {
                to[(part * tiles * tile_rows + i + lane) * 2 * tile_words] = static_cast<uint16_t>(words[lane] >> 16);
            }
        }
    }
}

constexpr int64_t query_area    = query_tiles * tile_area;
constexpr int64_t step_floats   = step_keys / group_keys * query_area; ///< a step's scores
constexpr int64_t steps_at_once = 3; ///< of one scores are computed, one is weighed, of one values are added

/// A tile of queries and the state of its sweep over the keys.
struct SplitSweep {
    AttentionTile t;
    int64_t       tiles;     ///< of 16 queries that there are
    int64_t       first;     ///< the first key that one of them sees
    int64_t       end;       ///< behind the last one
    float *       queries;   ///< [block of dimensions][part][query_tiles][16 words][16 queries]
    float *       out;       ///< [tile of dimensions][query_tiles][16 dimensions][16 queries]
    float *       totals;    ///< [query_tiles][16]
    float *       max_score; ///< [query_tiles][16]: what weights are relative to, a logarithm to base 2
    float *       values;    ///< a block of values without what is not the sequence's

    /// Keys that a query sees behind its own.
    int64_t ahead() const { return t.causal ? 0 : t.reach; }
};

/// What a tile of queries takes.
constexpr int64_t sweep_floats(int64_t head_size) {
    return (key_blocks(head_size) * logit_parts + value_tiles(head_size)) * query_area + 2 * query_tiles * tile_words;
}

int64_t split_attention_scratch(int64_t head_size) {
    return max_split_tiles * sweep_floats(head_size) + steps_at_once * step_floats + value_block_floats(head_size);
}

/// Where lane `lane` of a row of a tile of keys begins.
constexpr int64_t lane_place(int64_t lane) {
    return lane / tile_words * tile_area + lane % tile_words;
}

/// Splits and transposes the queries times the logits' scale; zeros where there are none.
void pack_queries(const SplitSweep & s) {
    const AttentionTile & t      = s.t;
    const float           factor = t.scale * log2_e;
    for (int64_t tile = 0; tile < s.tiles; ++tile) {
        for (int64_t block = 0; block < key_blocks(t.head_size); ++block) {
            float         rows[tile_words][split_numbers];
            const float * from[tile_words];
            for (int64_t i = 0; i < tile_words; ++i) {
                const int64_t query   = tile * tile_words + i;
                const int64_t count   = query < t.queries ? t.head_size : 0;
                const float * row     = t.near_queries + (count > 0 ? query : 0) * t.query_stride;
                const int64_t first   = block * split_numbers;
                const float * numbers = numbers_of_block(row, first, count > first ? count : first, rows[i]);
                for (int64_t j = 0; j < split_numbers; j += width) {
                    store(rows[i] + j, factor * load(numbers + j));
                }
                from[i] = rows[i];
            }
            float * to = s.queries + block * logit_parts * query_area + tile * tile_area;
            split_columns<logit_parts>(from, to, query_area);
        }
    }
}

/// Begins the sweep of queries `from` … from + tile_queries − 1 of a call.
/// @param memory  sweep_floats(head size) floats
SplitSweep new_sweep(const AttentionTile & call, int64_t from, float * memory, float * values) {
    const int64_t size = call.head_size;
    SplitSweep    s{};
    s.t = call;
    s.t.near_queries += from * call.query_stride;
    s.t.out += from * call.out_stride;
    s.t.queries = smaller(tile_queries, call.queries - from);
    s.t.first_index += from;
    s.tiles     = (s.t.queries + tile_words - 1) / tile_words;
    s.first     = s.t.first_index > call.reach ? s.t.first_index - call.reach : 0;
    s.end       = smaller(call.keys, s.t.first_index + s.t.queries + s.ahead());
    s.queries   = memory;
    s.out       = s.queries + key_blocks(size) * logit_parts * query_area;
    s.totals    = s.out + value_tiles(size) * query_area;
    s.max_score = s.totals + query_tiles * tile_words;
    s.values    = values;
    __builtin_memset(s.out, 0, value_tiles(size) * query_area * sizeof(float));
    for (int64_t i = 0; i < query_tiles * tile_words; ++i) {
        s.totals[i]    = 0.0f;
        s.max_score[i] = -INFINITY;
    }
    pack_queries(s);
    return s;
}

/// A block's values where not all 32 keys are the sequence's, with zeros for the others: what lies there may be NaN.
/// @param slot  of the first key
const float * own_values(const SplitSweep & s, const float * block, int64_t slot, int64_t count) {
    const int64_t floats  = value_block_floats(s.t.head_size);
    const bool    is_high = slot % block_keys != 0; // a sequence of up to 16 keys
    for (int64_t i = 0; i < floats; i += width) {
        const int64_t word  = i % tile_words;
        Words         words = same_bits<Words>(load(block + i));
        words               = is_high ? words >> 16 : words;
        for (int lane = 0; lane < width; ++lane) {
            const uint32_t low  = word + lane < count ? 0xffffu : 0u;
            const uint32_t high = word + lane + tile_words < count ? upper_half : 0u;
            words[lane] &= low | high;
        }
        store(s.values + i, same_bits<Vector>(words));
    }
    return s.values;
}

/// Divides by the totals, transposes and writes.
void write_heads(const SplitSweep & s) {
    const AttentionTile & t = s.t;
    for (int64_t lane = 0; lane < smaller(s.tiles * tile_words, t.queries); lane += width) {
        const Vector factor = 1.0f / load(s.totals + lane);
        for (int64_t dimension = 0; dimension < t.head_size; dimension += width) {
            const float * from =
                s.out + dimension / tile_rows * query_area + dimension % tile_rows * tile_words + lane_place(lane);
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(from + i * tile_words) * factor;
            }
            transpose(square);
            const int64_t count = smaller(width, t.head_size - dimension);
            for (int64_t i = 0; i < smaller(width, t.queries - lane); ++i) {
                float * to = t.out + (lane + i) * t.out_stride + dimension;
                if (count == width) {
                    store(to, square[i]);
                } else {
                    __builtin_memcpy(to, &square[i], count * sizeof(float));
                }
            }
        }
    }
}

} // namespace

} // namespace longembed
