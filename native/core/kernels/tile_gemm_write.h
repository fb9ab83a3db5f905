// Writes the sums of a product over AMX's tiles; see tile_gemm_body.h.

#pragma once

#include "epilogue_body.h"
#include "gemm_body.h"
#include "tile_gemm_plan.h"

namespace longembed {

namespace {

inline Bits are_not_finite(Vector x) {
    Bits bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    return (bits & 0x7f800000) == 0x7f800000;
}

/// Finished sums of 16 outputs × 16 tokens.
struct Square {
    const float * sums;
    int64_t       out;
    int64_t       outputs; ///< that there are
    int64_t       token;
    int64_t       tokens;
};

/// Infinities have no second part, and numbers above 3.39e38 round to them, so that sums are NaN. The kernel over
/// floats says what they are. That depends on an output's own weights and token alone, so its bits still do.
void replace_not_finite(const TileGemm & g, const Square & s) {
    float    outputs[tile_area];
    GemmTile t = g.t;
    t.x += s.token * t.x_stride;
    t.tokens = s.tokens;
    t.weights += s.out * t.weight_stride;
    t.n        = s.outputs;
    t.bias     = t.bias == nullptr ? nullptr : t.bias + s.out;
    t.operand  = t.operand == nullptr ? nullptr : t.operand + s.token * t.operand_stride + s.out;
    t.y        = outputs;
    t.y_stride = tile_words;
    gemm(t, g.own);
    for (int64_t o = 0; o < s.outputs; ++o) {
        for (int64_t i = 0; i < s.tokens; ++i) {
            if (!__builtin_isfinite(s.sums[o * tile_words + i])) {
                g.t.y[(s.token + i) * g.t.y_stride + s.out + o] = outputs[i * tile_words + o];
            }
        }
    }
}

/// Writes the sums of a square to g.outputs, a row for each token. Says whether all are finite.
bool transpose_square(const TileGemm & g, const Square & s) {
    Bits not_finite = {};
    for (int64_t token = 0; token < tile_words; token += width) {
        for (int64_t o = 0; o < tile_rows; o += width) {
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(s.sums + (o + i) * tile_words + token);
                not_finite |= are_not_finite(square[i]);
            }
            transpose(square);
            for (int i = 0; i < width; ++i) {
                store(g.outputs + (token + i) * tile_rows + o, square[i]);
            }
        }
    }
    return !any(not_finite);
}

/// Writes the outputs of some tokens of a transposed square: epilogue(sum + bias).
template <Epilogue epilogue> void write_tokens(const TileGemm & g, const Square & s, int64_t first, int64_t end) {
    const GemmTile & t    = g.t;
    const float *    bias = t.bias == nullptr ? nullptr : t.bias + s.out;
    for (int64_t token = first; token < end; ++token) {
        const float * sums = g.outputs + token * tile_rows;
        const float * operand =
            t.operand == nullptr ? nullptr : t.operand + (s.token + token) * t.operand_stride + s.out;
        float * y = t.y + (s.token + token) * t.y_stride + s.out;
        int64_t o = 0;
        for (; o + width <= s.outputs; o += width) {
            const Vector sum = bias == nullptr ? load(sums + o) : load(sums + o) + load(bias + o);
            store(y + o, apply(epilogue, sum, operand == nullptr ? sum : load(operand + o)));
        }
        if (o < s.outputs) {
            const int64_t count = s.outputs - o;
            Vector        sum   = load_partial(sums + o, count);
            sum                 = bias == nullptr ? sum : sum + load_partial(bias + o, count);
            const Vector value  = apply(epilogue, sum, operand == nullptr ? sum : load_partial(operand + o, count));
            __builtin_memcpy(y + o, &value, count * sizeof(float));
        }
    }
}

void write_tokens(const TileGemm & g, const Square & s, int64_t first, int64_t end) {
    with_constant(g.t.epilogue, [&](auto constant) { write_tokens<constant.epilogue>(g, s, first, end); });
}

} // namespace

} // namespace longembed
