#pragma once

#include <cstdint>

namespace longembed {

/// Keys that are packed together. A word is a float or, with a pack factor of 2, a pair of neighbouring numbers in
/// BF16: of a key, or of two neighbouring tokens' values.
constexpr int64_t tile_keys = 64;

/// A tile of keys is [tile_keys / panel_words][words of a key][panel_words], so that one vector instruction takes the
/// same dimension of several keys; a tile of values is [head size / panel_words][words of tile_keys][panel_words], the
/// last panel as narrow as the rest of the head. A panel is a cache line wide and read from one end to the other: rows
/// of 256 bytes and more, of which a cache line is taken each, would compete for few sets of the first-level cache.
constexpr int64_t panel_words = 16;

/// The place of a key's word in its head; `words` are a key's.
constexpr int64_t key_place(int64_t slot, int64_t word, int64_t words) {
    const int64_t in_panel = slot & (panel_words - 1);
    return (slot - in_panel) * words + word * panel_words + in_panel;
}

/// The place of a value's word in its head; `slot` counts words of slots, of which a tile has `tile_words`.
constexpr int64_t value_place(int64_t slot, int64_t column, int64_t head_size, int64_t tile_words) {
    const int64_t panel = column & -panel_words;
    const int64_t wide  = head_size - panel < panel_words ? head_size - panel : panel_words;
    return slot / tile_words * tile_words * head_size + panel * tile_words + slot % tile_words * wide + column - panel;
}

/// Queries that are computed together against a tile of keys, and the most that may be.
constexpr int64_t tile_queries     = 48;
constexpr int64_t max_tile_queries = 2 * tile_queries;

/// Queries for which the kernel of attention_body.h reads a head's keys and values once. With wide heads, of which a
/// tile does not fit the first-level cache, those of many keys come from afar: for twice as many they come half as
/// often.
constexpr int64_t queries_at_a_time(int64_t head_size, int64_t keys) {
    return head_size >= 128 && keys >= 2048 ? max_tile_queries : tile_queries;
}

/// The same for the kernel of tile_attention_body.h, and the most that may be.
constexpr int64_t max_split_queries = 4 * tile_queries;
constexpr int64_t split_queries_at_a_time(int64_t head_size, int64_t keys) {
    return keys * head_size >= int64_t(1) << 17 ? max_split_queries : tile_queries;
}

/// Columns of DistanceBias's table that stand before and after it as the kernel takes it, so that a tile of keys finds
/// its row in one piece wherever it begins.
constexpr int64_t bias_padding = tile_keys;

/// Some queries of one head of one sequence, and the keys and values they may see.
struct AttentionTile {
    /// Queries rotated for near keys and, with self-extend, for keys far before and far after them.
    const float * near_queries;
    const float * before_queries;
    const float * after_queries;
    int64_t       query_stride; ///< floats from one query to the next
    int64_t       queries;      ///< 1 … max_tile_queries
    int64_t       first_index;  ///< of the first query, in its sequence

    const float * near_keys; ///< the head's tiles, of all sequences
    const float * far_keys;  ///< the same, rotated for self-extend; null without it
    const float * values;    ///< the head's tiles of values, of all sequences
    int64_t       first_key; ///< the slot of the sequence's first key: its place in the tiles
    int64_t       keys;      ///< of the sequence

    int64_t head_size;
    int64_t window; ///< self-extend's; 0: ordinary attention
    bool    causal;
    float   scale; ///< factor on the logits
    int64_t reach; ///< of a sliding window: the query at index i sees keys i − reach … i + reach; else beyond all keys

    float         slope; ///< added to the logits: −slope · |key index − query index|
    const float * bias;  ///< added to the logits: [bias_padding + 2 · bias_reach + 1 + bias_padding] by key index −
                         ///< query index, the ends repeated; null: nothing
    int64_t bias_reach;  ///< the largest distance in `bias`

    float * out;        ///< [queries][head size]
    int64_t out_stride; ///< floats from one query's output to the next
};

/// Floats of scratch memory that a call takes.
constexpr int64_t attention_scratch(int64_t head_size) {
    return 4 * max_tile_queries * head_size + 32 * tile_keys + 16 * max_tile_queries;
}

/// Exact attention in one sweep over the keys with an online softmax (arXiv 2205.14135): scores never leave the tile.
/// @param scratch  attention_scratch(head_size) floats, 64-byte aligned
using AttentionKernel = void (*)(const AttentionTile & tile, float * scratch);

/// Attention without self-extend and without a table of biases, over keys and values that are packed in a form of its
/// own, for at most tile_queries queries. All null in variants that have none.
struct SplitAttention {
    AttentionKernel kernel                     = nullptr;
    int64_t (*scratch)(int64_t head_size)      = nullptr; ///< floats that a call takes
    int64_t (*key_floats)(int64_t head_size)   = nullptr; ///< of tile_keys keys
    int64_t (*value_floats)(int64_t head_size) = nullptr; ///< of tile_keys values

    /// Packs a token's key or value of `size` numbers into its slot of a head.
    using Pack      = void (*)(const float * numbers, int64_t size, int64_t slot, void * head);
    Pack pack_key   = nullptr;
    Pack pack_value = nullptr;
};

} // namespace longembed
