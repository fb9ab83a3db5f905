// Writes the sums of a product over AMX's tiles; see tile_gemm_body.h.

#pragma once

#include "epilogue_body.h"
#include "gemm_body.h"
#include "tile_gemm_plan.h"

namespace longembed {

namespace {

/// Finished sums of 16 outputs × 16 tokens.
struct Square {
    const float * sums;
    int64_t       out;
    int64_t       outputs; ///< that there are
    int64_t       token;
    int64_t       tokens;

    bool is_there() const { return outputs > 0 && tokens > 0; }
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

/// Whether an epilogue takes so many instructions that a square's are not done in one go.
constexpr bool is_long(Epilogue epilogue) {
    return epilogue != Epilogue::none && epilogue != Epilogue::residual_add;
}

/// Transposes a square and calls put(token, o, sums) with a vector of each token's outputs from o on.
/// @return whether all sums are finite
template <typename Put> inline bool transpose_square(const Square & s, const Put & put) {
    Vector zeros[2] = {}; // or not a number
    for (int64_t token = 0; token < tile_words; token += width) {
        for (int64_t o = 0; o < tile_rows; o += width) {
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(s.sums + (o + i) * tile_words + token);
                zeros[i % 2] += 0.0f * square[i];
            }
            transpose(square);
            for (int i = 0; i < width; ++i) {
                put(token + i, o, square[i]);
            }
        }
    }
    const Vector zero = zeros[0] + zeros[1];
    return !any(zero != zero);
}

/// Rows of a square's outputs, of the operand and of y.
struct SquareRows {
    const float * bias; ///< or null
    const float * operand;
    int64_t       operand_stride;
    float *       y;
    int64_t       y_stride;
    int64_t       outputs;
    int64_t       tokens;

    SquareRows(const GemmTile & t, const Square & s)
        : bias(t.bias == nullptr ? nullptr : t.bias + s.out),
          operand(t.operand == nullptr ? nullptr : t.operand + s.token * t.operand_stride + s.out),
          operand_stride(t.operand_stride), y(t.y + s.token * t.y_stride + s.out), y_stride(t.y_stride),
          outputs(s.outputs), tokens(s.tokens) {}

    /// Writes a token's outputs o … o + width − 1.
    template <Epilogue epilogue> inline void write(int64_t token, int64_t o, Vector sum) const {
        const float * with = operand + token * operand_stride + o;
        float *       to   = y + token * y_stride + o;
        if (o + width <= outputs) {
            sum = bias == nullptr ? sum : sum + load(bias + o);
            store(to, apply(epilogue, sum, operand == nullptr ? sum : load(with)));
        } else if (o < outputs) {
            const int64_t count = outputs - o;
            sum                 = bias == nullptr ? sum : sum + load_partial(bias + o, count);
            const Vector value  = apply(epilogue, sum, operand == nullptr ? sum : load_partial(with, count));
            __builtin_memcpy(to, &value, count * sizeof(float));
        }
    }

    /// Fetches what is read and written, which comes from far away where rows are long.
    __attribute__((always_inline)) void prefetch() const {
        for (int64_t token = 0; token < tokens; ++token) {
            __builtin_prefetch(y + token * y_stride, 1, 3);
            if (operand != nullptr) {
                __builtin_prefetch(operand + token * operand_stride, 0, 3);
            }
        }
    }
};

/// Writes a square: epilogue(sum + bias).
/// @return whether all sums are finite
template <Epilogue epilogue> bool write_square(const TileGemm & g, const Square & s) {
    const SquareRows rows(g.t, s);
    if (s.tokens == tile_words) {
        return transpose_square(s, [&](int64_t token, int64_t o, Vector sum) { rows.write<epilogue>(token, o, sum); });
    }
    return transpose_square(s, [&](int64_t token, int64_t o, Vector sum) {
        if (token < rows.tokens) {
            rows.write<epilogue>(token, o, sum);
        }
    });
}

/// The first part of writing a square with a long epilogue.
/// @return whether all sums are finite
bool keep_square(const TileGemm & g, const Square & s) {
    return transpose_square(
        s, [&](int64_t token, int64_t o, Vector sum) { store(g.outputs + token * tile_rows + o, sum); });
}

/// The other part, of some tokens.
template <Epilogue epilogue> void write_tokens(const TileGemm & g, const Square & s, int64_t first, int64_t end) {
    const SquareRows rows(g.t, s);
    for (int64_t token = first; token < smaller(end, s.tokens); ++token) {
        for (int64_t o = 0; o < tile_rows; o += width) {
            rows.write<epilogue>(token, o, load(g.outputs + token * tile_rows + o));
        }
    }
}

} // namespace

} // namespace longembed
