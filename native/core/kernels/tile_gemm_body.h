// Matrix multiplication over AMX's tiles, compiled once for each precision; see simd.h and tiles.h.
//
// Both factors are split into BF16 numbers, and LONGEMBED_TILE_PRODUCTS of their parts' products are added up:
//   1  the first parts alone: the precision bf16
//   3  two parts of each, without the second parts' product: 2^-17 of a term is left out. Weights in BF16 have no
//      second part, and take two products
//   5  the same with three parts of x and both parts of weights, which are exact for F16: 2^-24
// The left factor is weights, a row of a tile for each output: they are split as they lie in memory, while x, which is
// packed once for all outputs, is transposed.
//
// The order of the loops: a group of outputs, as many inputs as the cache has room for, 32 outputs (a panel), 32
// tokens. Between the products of one panel the next one is split, and finished sums are transposed and written. A sum
// runs over the inputs in order, whatever else is computed with it.

#pragma once

#include "tile_gemm_between.h"
#include "tile_gemm_plan.h"
#include "tiles.h"

namespace longembed {

namespace {

// Tiles 0 … 3 are sums: of outputs 0 … 15 and tokens 0 … 15, tokens 16 … 31, outputs 16 … 31 likewise. 4 and 5 are
// weights, 6 and 7 x. With few tokens 1, 3 and 7 are not used.

template <int part> inline void load_weights(const float * block) {
    load_tile<4>(block + part * 2 * tile_area);
    load_tile<5>(block + part * 2 * tile_area + tile_area);
}

template <int tiles, int part> inline void load_x(const float * block) {
    load_tile<6>(block + part * 2 * tile_area);
    if constexpr (tiles == 2) {
        load_tile<7>(block + part * 2 * tile_area + tile_area);
    }
}

template <int tiles> inline void multiply_parts() {
    multiply_tiles<0, 4, 6>();
    if constexpr (tiles == 2) {
        multiply_tiles<1, 4, 7>();
    }
    multiply_tiles<2, 5, 6>();
    if constexpr (tiles == 2) {
        multiply_tiles<3, 5, 7>();
    }
}

/// Loads what the first products of 32 inputs take.
template <int tiles> inline void begin_block(const float * weights, const float * x) {
    load_weights<products == 5 ? 1 : 0>(weights);
    load_x<tiles, products == 1 ? 0 : 1>(x);
}

/// Products of parts in a block of inputs, each followed by a step of other work.
/// @tparam one_part  the weights' second parts are zeros
template <bool one_part> constexpr int64_t steps_of_block = products == 3 && one_part ? 2 : products;

/// Adds the products of 32 inputs that have begun, in an order that keeps one factor's part where it can, and begins
/// with the next 32. What products take next is loaded before each step of other work, whose stores may hold back loads
/// from addresses with the same last 12 bits.
template <int tiles, bool one_part>
inline void multiply_block(const float * weights, const float * x, bool is_last, Between & between) {
    multiply_parts<tiles>();
    if constexpr (products == 3) {
        load_x<tiles, 0>(x);
        between.step();
        multiply_parts<tiles>();
        if constexpr (!one_part) {
            load_weights<1>(weights);
            between.step();
            multiply_parts<tiles>();
        }
    }
    if constexpr (products == 5) {
        load_x<tiles, 0>(x);
        between.step();
        multiply_parts<tiles>();
        load_weights<0>(weights);
        between.step();
        multiply_parts<tiles>();
        load_x<tiles, 1>(x);
        between.step();
        multiply_parts<tiles>();
        load_x<tiles, 2>(x);
        between.step();
        multiply_parts<tiles>();
    }
    keep_vectors_awake();
    if (!is_last) {
        begin_block<tiles>(weights + weights_block, x + x_block);
    }
    between.step();
}

template <int tiles> inline void begin_sums(const float * sums, bool is_first) {
    if (is_first) {
        clear_tile<0>();
        clear_tile<1>();
        clear_tile<2>();
        clear_tile<3>();
        return;
    }
    load_tile<0>(sums);
    load_tile<2>(sums + 2 * tile_area);
    if constexpr (tiles == 2) {
        load_tile<1>(sums + tile_area);
        load_tile<3>(sums + 3 * tile_area);
    }
}

template <int tiles> inline void end_sums(float * sums) {
    store_tile<0>(sums);
    store_tile<2>(sums + 2 * tile_area);
    if constexpr (tiles == 2) {
        store_tile<1>(sums + tile_area);
        store_tile<3>(sums + 3 * tile_area);
    }
}

/// Multiplies a pair of tiles of tokens, or the last tile alone, with a piece.
template <int tiles, bool one_part> void multiply_pair(const float * weights, const float * x, int64_t blocks,
                                                       bool is_first, float * sums, Between & between) {
    begin_sums<tiles>(sums, is_first);
    begin_block<tiles>(weights, x);
    for (int64_t block = 0; block < blocks; ++block) {
        multiply_block<tiles, one_part>(weights + block * weights_block, x + block * x_block, block + 1 == blocks,
                                        between);
    }
    between.write_rest();
    end_sums<tiles>(sums);
}

/// @tparam one_part  as above
template <bool one_part>
void multiply_piece(const TileGemm & g, const Piece & piece, const float * weights, Between & between) {
    const GemmTile & t      = g.t;
    const int64_t    blocks = piece.blocks(g);
    const float *    x      = g.x + piece.k / split_numbers * g.pairs * x_block;
    float *          sums   = g.sums + piece.out % g.group / panel_outputs * g.pairs * pair_area;
    for (int64_t pair = 0; pair < g.pairs; ++pair) {
        const int64_t token = pair * pair_tokens;
        if (token + tile_words < t.tokens) {
            multiply_pair<2, one_part>(weights, x, blocks, piece.k == 0, sums, between);
        } else {
            multiply_pair<1, one_part>(weights, x, blocks, piece.k == 0, sums, between);
        }
        if (piece.is_last(g)) {
            between.write_next(sums, piece.out, token, blocks * steps_of_block<one_part>);
        }
        x += blocks * x_block;
        sums += pair_area;
    }
}

void multiply_all(TileGemm & g) {
    const Tiles in_use;
    Piece       piece{0, 0};
    Between     between(g);
    between.split_next(piece, g.weights[0], 1);
    between.split_rest();
    while (piece.out < g.t.n) {
        const Piece next = piece.next(g);
        if (g.t.format == WeightFormat::bf16) {
            between.split_next(next, g.weights[1], g.pairs * piece.blocks(g) * steps_of_block<true>);
            multiply_piece<true>(g, piece, g.weights[0], between);
        } else {
            between.split_next(next, g.weights[1], g.pairs * piece.blocks(g) * steps_of_block<false>);
            multiply_piece<false>(g, piece, g.weights[0], between);
        }
        between.split_rest();
        float * const split = g.weights[1];
        g.weights[1]        = g.weights[0];
        g.weights[0]        = split;
        piece               = next;
        if (g.t.pause != nullptr) {
            g.t.pause();
        }
    }
    between.write_rest();
}

/// As many inputs at once as x_bytes allows, in equal pieces of whole blocks.
int64_t depth_of(const GemmTile & t, int64_t pairs) {
    const int64_t whole = t.block > split_numbers ? t.block : split_numbers; // a multiple of both
    const int64_t most  = x_bytes / (pairs * pair_tokens * x_parts * 2);
    const int64_t limit = most < whole ? whole : smaller(most, max_depth) / whole * whole;
    return count_of(count_of(t.k, count_of(t.k, limit)), whole) * whole;
}

void tile_gemm(const GemmTile & t, float * memory) {
    if (t.tokens <= 0 || t.n <= 0) {
        return;
    }
    const int64_t pairs = count_of(t.tokens, pair_tokens);
    const int64_t depth = depth_of(t, pairs);
    TileGemm      g{t, depth, depth < t.k ? group_outputs : panel_outputs, pairs, {}, {}, {}, {}, {}, {}};
    g.weights[0] = memory;
    g.weights[1] = g.weights[0] + panel_floats;
    g.row        = g.weights[1] + panel_floats;
    g.outputs    = g.row + max_depth;
    g.own        = g.outputs + tile_area;
    g.sums       = g.own + gemm_scratch(tile_words, t.k, 1);
    g.x          = g.sums + g.group / panel_outputs * pairs * pair_area;
    pack_x(g);
    multiply_all(g);
}

/// Floats of scratch memory that tile_gemm takes.
int64_t tile_gemm_scratch(int64_t tokens, int64_t k) {
    const int64_t pairs = count_of(tokens, pair_tokens);
    return 2 * panel_floats + max_depth + tile_area + gemm_scratch(tile_words, k, 1) +
           group_outputs / panel_outputs * pairs * pair_area + count_of(k, split_numbers) * pairs * x_block;
}

/// How far a term of a sum may be off, relative to it, where numbers are not merely stored in BF16: what the parts
/// leave of both factors, and the product of second parts that is left out.
constexpr float tile_term_error = products == 3 ? 0x1p-15f : products == 5 ? 0x1p-22f : 0.0f;

// By the time that splitting and packing take (docs/performance.md), where multiply-adds run at 500 GFLOPS.
constexpr int64_t tile_weight_cost = 40;
constexpr int64_t tile_input_cost  = 90;

} // namespace

} // namespace longembed
