// What a product over AMX's tiles consists of; see tile_gemm_body.h.

#pragma once

#include "bf16_parts.h"
#include "gemm.h"
#include "tiles.h"

namespace longembed {

namespace {

constexpr int products     = LONGEMBED_TILE_PRODUCTS;
constexpr int x_parts      = products == 1 ? 1 : products == 3 ? 2 : 3;
constexpr int weight_parts = products == 1 ? 1 : 2;
static_assert(products == 1 || products == 3 || products == 5);

constexpr int64_t panel_outputs = 2 * tile_rows;
constexpr int64_t pair_tokens   = 2 * tile_words; ///< of two tiles
constexpr int64_t pair_area     = 4 * tile_area;
constexpr int64_t max_depth     = gemm_kc; ///< inputs of a panel that are split at once

// What stays in the second-level cache, which has 2 MB wherever there is AMX: the parts of x that panel after panel is
// multiplied by, and the sums of a group of panels, where not all inputs are taken at once.
constexpr int64_t x_bytes       = 1 << 20;
constexpr int64_t group_outputs = 8 * panel_outputs;

// Floats that `split_numbers` inputs of a panel or of a pair of tiles take: [part][2][16][16] words. Weights are split
// row by row, whose words would all compete for the same sets of the first-level cache if blocks were a power of two
// apart.
constexpr int64_t weights_block = weight_parts * 2 * tile_area + tile_words;
constexpr int64_t x_block       = x_parts * 2 * tile_area;
constexpr int64_t panel_floats  = max_depth / split_numbers * weights_block;

constexpr int64_t count_of(int64_t numbers, int64_t in_each) {
    return (numbers + in_each - 1) / in_each;
}

/// A call and its scratch memory.
struct TileGemm {
    const GemmTile & t;
    int64_t          depth;      ///< inputs of a panel that are split at once; no bit depends on it
    int64_t          group;      ///< outputs whose sums are kept
    int64_t          pairs;      ///< of tiles of tokens
    float *          x;          ///< for each `depth` inputs: [pairs][blocks of inputs][x_block]
    float *          weights[2]; ///< of this panel and of the next: [blocks of inputs][weights_block]
    float *          sums;       ///< [panels of a group][pairs][pair_area]: tiles of 16 outputs × 16 tokens
    float *          row;        ///< [max_depth]: dequantized weights
    float *          outputs;    ///< [16 tokens][16 outputs]: sums that are being written
    float *          own;        ///< for the kernel over floats
};

/// A panel's weights of up to `depth` inputs.
struct Piece {
    int64_t out; ///< the panel's first output
    int64_t k;   ///< the first input

    int64_t depth(const TileGemm & g) const { return smaller(g.depth, g.t.k - k); }
    int64_t blocks(const TileGemm & g) const { return count_of(depth(g), split_numbers); }
    bool    is_last(const TileGemm & g) const { return k + g.depth >= g.t.k; }

    /// The piece after this one; past the last, `out` is beyond all outputs.
    Piece next(const TileGemm & g) const {
        const int64_t first = out / g.group * g.group;
        const int64_t end   = smaller(first + g.group, g.t.n);
        if (out + panel_outputs < end) {
            return {out + panel_outputs, k};
        }
        return is_last(g) ? Piece{end, 0} : Piece{first, k + g.depth};
    }
};

} // namespace

} // namespace longembed
