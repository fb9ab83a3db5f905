// Splits both factors of a product over AMX's tiles; see tile_gemm_body.h.

#pragma once

#include "convert_body.h"
#include "gemm_body.h"
#include "gemm_unpack_row.h"
#include "tile_gemm_plan.h"

namespace longembed {

namespace {

/// Splits and transposes 32 inputs of 16 tokens: a tile for each part, 2 · tile_area apart.
void pack_tokens(const GemmTile & t, int64_t token, int64_t k, float * to) {
    float         ends[tile_words][split_numbers];
    const float * from[tile_words];
    for (int64_t i = 0; i < tile_words; ++i) {
        const bool is_there = token + i < t.tokens;
        from[i] = numbers_of_block(t.x + (is_there ? token + i : 0) * t.x_stride, k, is_there ? t.k : k, ends[i]);
    }
    split_columns<x_parts>(from, to, 2 * tile_area);
}

/// Packs all of x.
void pack_x(const TileGemm & g) {
    const GemmTile & t  = g.t;
    float *          to = g.x;
    for (int64_t chunk = 0; chunk < t.k; chunk += g.depth) {
        const int64_t end = smaller(chunk + g.depth, t.k);
        for (int64_t token = 0; token < t.tokens; token += pair_tokens) {
            for (int64_t k = chunk; k < end; k += split_numbers) {
                pack_tokens(t, token, k, to);
                if (token + tile_words < t.tokens) {
                    pack_tokens(t, token + tile_words, k, to + tile_area);
                }
                to += x_block;
            }
        }
    }
}

/// Splits 32 weights of an output.
/// @param low   gives a vector of the first 16 from the i-th on
/// @param high  of the others
template <typename Low, typename High> inline void split_block(Low low, High high, float * to) {
    for (int64_t word = 0; word < split_words; word += width) {
        Vector words[weight_parts];
        split(low(word), high(word), words);
        for (int part = 0; part < weight_parts; ++part) {
            store(to + part * 2 * tile_area + word, words[part]);
        }
    }
}

static_assert(run_numbers == split_numbers, "what is read at once is split at once");

/// Splits inputs `first` … first + count − 1 of a piece, or as many as there are, of one output: a row of the panel's
/// tiles. Flattened for the same reason as unpack_row().
/// @param first  begins a block of the weights' type and one of split_numbers
__attribute__((flatten)) void split_weights(const TileGemm & g, const Piece & piece, int64_t row, int64_t first,
                                            int64_t count, float * panel) {
    const GemmTile & t      = g.t;
    const int64_t    out    = piece.out + row;
    const int64_t    depth  = smaller(count, piece.depth(g) - first);
    const int64_t    blocks = count_of(depth, split_numbers);
    float *          to =
        panel + first / split_numbers * weights_block + row / tile_rows * tile_area + row % tile_rows * tile_words;
    if (out >= t.n) {
        for (int64_t block = 0; block < blocks; ++block) {
            for (int64_t part = 0; part < weight_parts; ++part) {
                __builtin_memset(to + block * weights_block + part * 2 * tile_area, 0, tile_words * sizeof(float));
            }
        }
        return;
    }
    const char * weights = t.weights + out * t.weight_stride + (piece.k + first) / t.block * t.block_bytes;
    // the same weights of the next panel, which come from main memory, a few at a time: in one go they would wait for
    // each other, and nothing could be done beside it
    const char *  ahead = weights + (out + panel_outputs < t.n ? panel_outputs * t.weight_stride : 0);
    const int64_t bytes = split_numbers * t.block_bytes / t.block;
    float *       next  = to;
    const int64_t read  = read_row(t, weights, depth, [&](auto low, auto high) {
        prefetch(ahead, bytes);
        ahead += bytes;
        split_block(low, high, next);
        next += weights_block;
    });
    if (read == depth) {
        return;
    }
    prefetch_weights(t, out + panel_outputs, piece.k + first, depth);
    const float * numbers = g.row;
    if (t.format == WeightFormat::f32) {
        numbers = reinterpret_cast<const float *>(weights);
    } else {
        t.dequantize(weights, g.row, depth);
    }
    float end[split_numbers];
    for (int64_t block = read / split_numbers; block < blocks; ++block) {
        const float * from = numbers_of_block(numbers, block * split_numbers, depth, end);
        split_block([&](int64_t i) { return load(from + i); }, [&](int64_t i) { return load(from + split_words + i); },
                    to + block * weights_block);
    }
}

} // namespace

} // namespace longembed
