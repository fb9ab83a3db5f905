// Matrix multiplication, compiled once for each instruction set; see simd.h.
//
// The order of the loops is BLIS's: nr outputs at a time, gemm_kc inputs at a time (or the other way round, where x is
// copied), whose weights are dequantized and packed so that one vector holds the same input of `width` outputs; then mr
// tokens at a time, whose mr × nr sums stay in registers.

#pragma once

#include "convert_body.h"
#include "epilogue_body.h"
#include "gemm.h"
#include "gemm_pack.h"
#include "simd.h"

namespace longembed {

namespace {

static_assert(gemm_nc % nr == 0 && width <= 16);

/// For outputs o … o + n · width − 1 of a row. Vectors side by side, as each step of one waits for the one before it.
template <Epilogue epilogue, int n> inline void apply_to_vectors(float * sums, const float * operand) {
    Vector values[n];
    for (int i = 0; i < n; ++i) {
        values[i] = apply(epilogue, load(sums + i * width), load(operand + i * width));
    }
    for (int i = 0; i < n; ++i) {
        store(sums + i * width, values[i]);
    }
}

template <Epilogue epilogue> void apply_to_rows(const float * operand, int64_t operand_stride, float * y,
                                                int64_t y_stride, int64_t tokens, int64_t n) {
    for (int64_t r = 0; r < tokens; ++r) {
        float *       sums = y + r * y_stride;
        const float * with = operand == nullptr ? sums : operand + r * operand_stride;
        if (n == nr) {
            apply_to_vectors<epilogue, nr_vectors>(sums, with);
            continue;
        }
        int64_t o = 0;
        for (; o + width <= n; o += width) {
            apply_to_vectors<epilogue, 1>(sums + o, with + o);
        }
        if (o < n) {
            const Vector value = apply(epilogue, load_partial(sums + o, n - o), load_partial(with + o, n - o));
            __builtin_memcpy(sums + o, &value, (n - o) * sizeof(float));
        }
    }
}

/// @param operand  null where the epilogue needs none
void apply_epilogue(Epilogue epilogue, const float * operand, int64_t operand_stride, float * y, int64_t y_stride,
                    int64_t tokens, int64_t n) {
    with_constant(epilogue, [&](auto constant) {
        if constexpr (constant.epilogue != Epilogue::none) {
            apply_to_rows<constant.epilogue>(operand, operand_stride, y, y_stride, tokens, n);
        }
    });
}

/// A vector of weights of a panel.
template <WeightFormat format> inline Vector load_weights(const char * panel, int64_t first) {
    switch (format) {
        case WeightFormat::f16: return load_f16(reinterpret_cast<const uint16_t *>(panel) + first);
        case WeightFormat::bf16: return load_bf16(reinterpret_cast<const uint16_t *>(panel) + first);
        default: return load(reinterpret_cast<const float *>(panel) + first);
    }
}

/// What is fetched while a tile is computed: `step` bytes, a cache line at most, for each word; 0: nothing.
struct Ahead {
    const char * from;
    int64_t      step;
};

/// y [rows][nr] = start + x [rows][words] · packed [words][nr], where start is the row `bias` or, if that is null, y
template <int rows, WeightFormat format, bool fetches>
void micro_kernel(const float * x, int64_t x_stride, int64_t words, const char * packed, const float * bias, float * y,
                  int64_t y_stride, const Ahead & ahead) {
    const RowPointers<rows> start(bias == nullptr ? y : bias, bias == nullptr ? y_stride : 0);
    const RowPointers<rows> tokens(x, x_stride);
    const char *            next = ahead.from;
    Vector                  sums[rows][nr_vectors];
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < nr_vectors; ++v) {
            sums[r][v] = load(start.at[r] + v * width);
        }
    }
    int64_t k = 0;
    do { // there is a word: GCC keeps the sums in memory if there may be none
        if constexpr (fetches) {
            __builtin_prefetch(next, 0, 2);
            next += ahead.step;
        }
        Vector w[nr_vectors];
        for (int v = 0; v < nr_vectors; ++v) {
            w[v] = load_weights<format>(packed, k * nr + v * width);
        }
        for (int r = 0; r < rows; ++r) {
            for (int v = 0; v < nr_vectors; ++v) {
                sums[r][v] = multiply_add(sums[r][v], tokens.at[r][k], w[v]);
            }
        }
    } while (++k < words);
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < nr_vectors; ++v) {
            store(y + r * y_stride + v * width, sums[r][v]);
        }
    }
}

template <WeightFormat format, bool fetches> void micro_kernel(int64_t rows, const float * x, int64_t x_stride,
                                                               int64_t words, const char * packed, const float * bias,
                                                               float * y, int64_t y_stride, const Ahead & ahead) {
    static_assert(mr == 6);
    switch (rows) {
        case 1: return micro_kernel<1, format, fetches>(x, x_stride, words, packed, bias, y, y_stride, ahead);
        case 2: return micro_kernel<2, format, fetches>(x, x_stride, words, packed, bias, y, y_stride, ahead);
        case 3: return micro_kernel<3, format, fetches>(x, x_stride, words, packed, bias, y, y_stride, ahead);
        case 4: return micro_kernel<4, format, fetches>(x, x_stride, words, packed, bias, y, y_stride, ahead);
        case 5: return micro_kernel<5, format, fetches>(x, x_stride, words, packed, bias, y, y_stride, ahead);
        default: return micro_kernel<6, format, fetches>(x, x_stride, words, packed, bias, y, y_stride, ahead);
    }
}

template <WeightFormat format> void micro_kernel(int64_t rows, const float * x, int64_t x_stride, int64_t words,
                                                 const char * packed, const float * bias, float * y, int64_t y_stride,
                                                 const Ahead & ahead) {
    if (ahead.step > 0) {
        return micro_kernel<format, true>(rows, x, x_stride, words, packed, bias, y, y_stride, ahead);
    }
    return micro_kernel<format, false>(rows, x, x_stride, words, packed, bias, y, y_stride, ahead);
}

void micro_kernel(int64_t rows, const float * x, int64_t x_stride, int64_t words, const WeightPanels & packed,
                  const float * bias, float * y, int64_t y_stride, const Ahead & ahead) {
    if (pack_factor == 1) { // else words are pairs
        switch (packed.format) {
            case WeightFormat::f16:
                return micro_kernel<WeightFormat::f16>(rows, x, x_stride, words, packed.data, bias, y, y_stride, ahead);
            case WeightFormat::bf16:
                return micro_kernel<WeightFormat::bf16>(rows, x, x_stride, words, packed.data, bias, y, y_stride,
                                                        ahead);
            default: break;
        }
    }
    return micro_kernel<WeightFormat::f32>(rows, x, x_stride, words, packed.data, bias, y, y_stride, ahead);
}

void copy_rows(const float * from, int64_t from_stride, float * to, int64_t to_stride, int64_t n, int64_t count) {
    for (int64_t r = 0; r < n; ++r) {
        __builtin_memcpy(to + r * to_stride, from + r * from_stride, count * sizeof(float));
    }
}

/// At most mr tokens against at most nr outputs, from input k on.
struct MicroTile {
    int64_t out;
    int64_t n;
    int64_t token;
    int64_t tokens;
    int64_t k;
    int64_t depth;
};

/// The scratch memory of a call.
struct GemmScratch {
    float * packed;      ///< [gemm_kc][nr]
    float * dequantized; ///< [width][row_stride]
    float * partial;     ///< [mr][nr]: outputs of the last panel, where y has fewer than nr
    float * bias;        ///< [nr]
    float * x;           ///< [tokens][words_for(k)], where x must be packed; [tokens][gemm_kc], where it is copied
};

/// x as the micro-kernel reads it: inputs k … end − 1, all or a copied piece.
struct InputRows {
    const float * at; ///< the first token's
    int64_t       stride;
    int64_t       k;
    int64_t       end;
};

/// Prefetches a tile's rows of what is added to its sums, or of what they are written to.
__attribute__((always_inline)) inline void prefetch_rows(const float * rows, int64_t stride, int64_t count) {
    for (int64_t r = 0; rows != nullptr && r < count; ++r) {
        __builtin_prefetch(rows + r * stride, 0, 3);
        __builtin_prefetch(rows + r * stride + nr - 1, 0, 3);
    }
}

/// @param packed  weights of the tile's outputs as a micro-kernel takes them: one panel, [words_for(depth)][nr]
/// @param ahead   of the next panel
void compute_tile(const GemmTile & t, const MicroTile & m, const InputRows & rows, const WeightPanels & packed,
                  const GemmScratch & scratch, const Ahead & ahead) {
    const float * x       = rows.at + m.token * rows.stride + (m.k - rows.k) / pack_factor;
    float *       y       = t.y + m.token * t.y_stride + m.out;
    const float * start   = m.k == 0 ? scratch.bias : nullptr;
    const bool    is_last = m.k + m.depth == t.k;
    const float * operand = is_last && t.operand != nullptr ? t.operand + m.token * t.operand_stride + m.out : nullptr;
    // of the next tile: they come from far away where rows are long
    prefetch_rows(operand == nullptr ? nullptr : operand + m.tokens * t.operand_stride, t.operand_stride, m.tokens);
    prefetch_rows(y + m.tokens * t.y_stride, t.y_stride, m.tokens);
    if (m.n == nr) {
        micro_kernel(m.tokens, x, rows.stride, words_for(m.depth), packed, start, y, t.y_stride, ahead);
    } else {
        copy_rows(y, t.y_stride, scratch.partial, nr, m.tokens, m.n);
        micro_kernel(m.tokens, x, rows.stride, words_for(m.depth), packed, start, scratch.partial, nr, ahead);
        copy_rows(scratch.partial, nr, y, t.y_stride, m.tokens, m.n);
    }
    if (is_last) {
        apply_epilogue(t.epilogue, operand, t.operand_stride, y, t.y_stride, m.tokens, m.n);
    }
}

/// Where the panel of outputs from o on begins, from input k on.
inline const char * panel_at(const GemmTile & t, int64_t o, int64_t k) {
    return t.panels.data + (o * t.k + k * nr) * panel_weight_bytes(t.panels.format);
}

/// From how many tokens on halves are converted once, rather than each time they are multiplied.
constexpr int64_t min_tokens_to_unpack = 64;

/// Weights of nr outputs for all tokens: those of a panel, as they are or converted, or packed now.
WeightPanels packed_weights(const GemmTile & t, int64_t o, int64_t k, int64_t depth, const GemmScratch & scratch) {
    const WeightPanels now{reinterpret_cast<const char *>(scratch.packed), WeightFormat::f32};
    if (t.panels.data == nullptr) {
        pack_weights(t, o, k, depth, scratch.packed, scratch.dequantized);
        return now;
    }
    const char * panel = panel_at(t, o, k);
    if (t.panels.format == WeightFormat::f32 || t.tokens < min_tokens_to_unpack) {
        return {panel, t.panels.format};
    }
    (t.panels.format == WeightFormat::f16 ? f16_to_f32 : bf16_to_f32)(panel, scratch.packed, depth * nr);
    return now;
}

/// While the i-th of some tiles is multiplied by a panel, its part of the next panel comes from main memory: a few
/// cache lines at once, before; more would wait for each other, with nothing to be done beside it.
/// @return what is left for the micro-kernel to fetch
__attribute__((always_inline)) inline Ahead fetch_part(const GemmTile & t, const char * panel, int64_t depth,
                                                       int64_t tiles, int64_t i) {
    constexpr int64_t cache_line = 64;
    constexpr int64_t few        = 16 * cache_line; // measured: the same at 23, and slower with 36
    if (t.panels.data == nullptr) {
        return {nullptr, 0};
    }
    const int64_t row   = nr * panel_weight_bytes(t.panels.format);
    const char *  begin = panel + depth * i / tiles * row;
    const int64_t bytes = (depth * (i + 1) / tiles - depth * i / tiles) * row;
    const int64_t step  = bytes < few ? 0 : smaller((bytes + depth - 1) / depth, cache_line);
    if (bytes > step * depth) {
        prefetch(begin + step * depth, bytes - step * depth);
    }
    return {begin, step};
}

/// All tokens against the weights of at most nr outputs, from input k on.
void multiply_panel(const GemmTile & t, int64_t out, int64_t k, const InputRows & rows, const GemmScratch & scratch) {
    const int64_t      n      = smaller(nr, t.n - out);
    const int64_t      depth  = smaller(gemm_kc, t.k - k);
    const WeightPanels packed = packed_weights(t, out, k, depth, scratch);
    __builtin_memset(scratch.bias, 0, nr * sizeof(float));
    if (t.bias != nullptr) {
        __builtin_memcpy(scratch.bias, t.bias + out, n * sizeof(float));
    }
    const bool   is_last = k + depth == rows.end; // of these outputs' inputs
    const char * next    = is_last ? panel_at(t, out + nr, rows.k) : panel_at(t, out, k + depth);
    // about equal ones: a tile of one or two tokens takes as long as one of four
    const int64_t tiles = (t.tokens + mr - 1) / mr;
    for (int64_t i = 0; i < tiles; ++i) {
        const Ahead   ahead = fetch_part(t, next, depth, tiles, i);
        const int64_t token = t.tokens * i / tiles;
        compute_tile(t, {out, n, token, t.tokens * (i + 1) / tiles - token, k, depth}, rows, packed, scratch, ahead);
    }
    if (t.pause != nullptr) {
        t.pause();
    }
}

void gemm(const GemmTile & t, float * memory) {
    GemmScratch scratch{};
    scratch.packed      = memory;
    scratch.dequantized = scratch.packed + nr * gemm_kc;
    scratch.partial     = scratch.dequantized + width * row_stride;
    scratch.bias        = scratch.partial + mr * nr;
    scratch.x           = scratch.bias + nr;
    if (pack_factor == 1 && gemm_copies_x(t.tokens, t.k)) {
        for (int64_t k = 0; k < t.k; k += gemm_kc) {
            const int64_t depth = smaller(gemm_kc, t.k - k);
            copy_rows(t.x + k, t.x_stride, scratch.x, gemm_kc, t.tokens, depth);
            for (int64_t out = 0; out < t.n; out += nr) {
                multiply_panel(t, out, k, {scratch.x, gemm_kc, k, k + depth}, scratch);
            }
        }
        return;
    }
    for (int64_t token = 0; pack_factor > 1 && token < t.tokens; ++token) {
        pack_words(t.x + token * t.x_stride, t.k, scratch.x + token * words_for(t.k));
    }
    const InputRows rows =
        pack_factor == 1 ? InputRows{t.x, t.x_stride, 0, t.k} : InputRows{scratch.x, words_for(t.k), 0, t.k};
    for (int64_t out = 0; out < t.n; out += nr) {
        for (int64_t k = 0; k < t.k; k += gemm_kc) {
            multiply_panel(t, out, k, rows, scratch);
        }
    }
}

} // namespace

} // namespace longembed
