// Attention's two products, of queries with a tile of keys and of weights with a tile of values; see simd.h.

#pragma once

#include "attention.h"
#include "simd.h"

namespace longembed {

namespace {

static_assert(panel_words % width == 0 && tile_keys % nr == 0);

/// Brings memory that is used later nearer, a little at a time, while other numbers are multiplied.
struct TilePrefetch {
    const char * at   = nullptr;
    const char * end  = nullptr;
    int64_t      step = 0; ///< bytes at a time

    void some() {
        if (at < end) {
            prefetch(at, smaller(step, end - at));
            at += step;
        }
    }
};

/// Rows that are multiplied between two steps of a TilePrefetch: all of a tile, where they are few vectors wide (a loop
/// in two levels takes 5 % longer there), else so many that the misses of a step fit into the processor's buffers.
constexpr int64_t prefetch_every = nr > 16 ? 32 : 1 << 20;

/// A tile that `strips` strips of queries bring nearer while each of them multiplies `columns` columns of `rows` rows.
TilePrefetch prefetch_of(const float * tile, int64_t columns, int64_t rows, int64_t strips) {
    constexpr int64_t cache_line = 64 / sizeof(float);
    const int64_t     steps      = strips * ((columns + nr - 1) / nr) * ((rows + prefetch_every - 1) / prefetch_every);
    const int64_t     lines      = (columns * rows + cache_line * steps - 1) / (cache_line * steps);
    return {reinterpret_cast<const char *>(tile), reinterpret_cast<const char *>(tile + columns * rows),
            lines * static_cast<int64_t>(cache_line * sizeof(float))};
}

/// Keys begin … end − 1 of a tile.
struct KeyRange {
    int64_t begin;
    int64_t end;
};
constexpr KeyRange all_keys{0, tile_keys};

/// Calls multiply(begin, end) for parts of the rows begin … end − 1, and brings some of the next tile nearer before
/// each.
template <typename Multiply>
inline void prefetching(TilePrefetch & next, int64_t begin, int64_t end, const Multiply & multiply) {
    if constexpr (nr > 16) {
        for (int64_t some = begin; some < end; some += prefetch_every) {
            next.some();
            multiply(some, smaller(some + prefetch_every, end));
        }
    } else {
        next.some();
        multiply(begin, end);
    }
}

/// score for the n vectors of keys from `key` on
template <int n> __attribute__((always_inline)) inline void score_vectors(const RowPointers<mr> & queries,
                                                                          int64_t words, const float * keys,
                                                                          int64_t key, float * scores,
                                                                          TilePrefetch & next) {
    const float * first = keys + key_place(key, 0, words);
    Vector        sums[mr][n];
    // not sums of zeros: twelve registers that are copies of one zero delay what follows, a tenth of the time with
    // heads of 32 on Zen 3
    for (int r = 0; r < mr; ++r) {
        for (int v = 0; v < n; ++v) {
            sums[r][v] = multiply(queries.at[r][0], load(first + key_place(v * width, 0, words)));
        }
    }
    prefetching(next, 1, words, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            Vector k[n];
            for (int v = 0; v < n; ++v) {
                k[v] = load(first + key_place(v * width, i, words));
            }
            for (int r = 0; r < mr; ++r) {
                for (int v = 0; v < n; ++v) {
                    sums[r][v] = multiply_add(sums[r][v], queries.at[r][i], k[v]);
                }
            }
        }
    });
    for (int r = 0; r < mr; ++r) {
        for (int v = 0; v < n; ++v) {
            store(scores + r * tile_keys + key + v * width, sums[r][v]);
        }
    }
}

/// score for less than a tile, where a vector is a panel. A function of its own: whole tiles would take 4 % longer.
__attribute__((noinline)) void score_part(const float * queries, int64_t words, const float * keys, KeyRange range,
                                          float * scores, TilePrefetch & next) {
    const RowPointers<mr> rows(queries, words);
    const int64_t         first = range.begin & -width;
    switch ((range.end - first + width - 1) / width) {
        case 1: return score_vectors<1>(rows, words, keys, first, scores, next);
        case 2: return score_vectors<2>(rows, words, keys, first, scores, next);
        default: return score_vectors<3>(rows, words, keys, first, scores, next);
    }
}

/// scores [mr][tile_keys] = queries [mr][words] · a tile of keys, at least for those in `range`
void score(const float * queries, int64_t words, const float * keys, KeyRange range, float * scores,
           TilePrefetch & next) {
    if (nr == tile_keys && (range.begin >= width || range.end <= tile_keys - width)) {
        return score_part(queries, words, keys, range, scores, next);
    }
    const RowPointers<mr> rows(queries, words);
    for (int64_t key = range.begin & -nr; key < range.end; key += nr) {
        score_vectors<nr_vectors>(rows, words, keys, key, scores, next);
    }
}

/// add_values for the n vectors of columns from `first` on; if not `full`, for one of `last` columns
template <int n, bool full> void add_columns(const float * weights, const float * values, int64_t begin, int64_t end,
                                             int64_t size, int64_t first, int64_t last, float * out,
                                             TilePrefetch & next) {
    constexpr int64_t stride    = words_for(tile_keys);
    const auto        load_part = [last](const float * from) { return full ? load(from) : load_partial(from, last); };

    static_assert(full || n == 1);

    const float * columns = values + value_place(0, first, size, stride);
    const int64_t step    = value_place(1, first, size, stride) - value_place(0, first, size, stride);

    Vector sums[mr][n];
    for (int r = 0; r < mr; ++r) {
        for (int v = 0; v < n; ++v) {
            sums[r][v] = load_part(out + r * size + first + v * width);
        }
    }
    prefetching(next, begin, end, [&](int64_t from, int64_t to) {
        for (int64_t word = from; word < to; ++word) {
            Vector value[n];
            for (int v = 0; v < n; ++v) {
                value[v] = load_part(columns + key_place(v * width, 0, stride) + word * step);
            }
            for (int r = 0; r < mr; ++r) {
                for (int v = 0; v < n; ++v) {
                    sums[r][v] = multiply_add(sums[r][v], weights[r * stride + word], value[v]);
                }
            }
        }
    });
    for (int r = 0; r < mr; ++r) {
        for (int v = 0; v < n; ++v) {
            float * to = out + r * size + first + v * width;
            if (full) {
                store(to, sums[r][v]);
            } else {
                __builtin_memcpy(to, &sums[r][v], last * sizeof(float));
            }
        }
    }
}

/// add_values for `count` vectors of columns, nr_vectors at most. Always inlined: the loops of a function of its own
/// take longer to begin.
__attribute__((always_inline)) inline void add_some_columns(int64_t count, const float * weights, const float * values,
                                                            int64_t begin, int64_t end, int64_t size, int64_t first,
                                                            float * out, TilePrefetch & next) {
    static_assert(nr_vectors <= 4);
    switch (count) {
        case 1: return add_columns<1, true>(weights, values, begin, end, size, first, width, out, next);
        case 2: return add_columns<2, true>(weights, values, begin, end, size, first, width, out, next);
        default: break;
    }
    if constexpr (nr_vectors > 2) {
        if (count == 3) {
            return add_columns<3, true>(weights, values, begin, end, size, first, width, out, next);
        }
        add_columns<4, true>(weights, values, begin, end, size, first, width, out, next);
    }
}

/// out [mr][size] += weights [mr][words_for(tile_keys)] · values begin … end − 1 of a tile
void add_values(const float * weights, const float * values, int64_t begin, int64_t end, int64_t size, float * out,
                TilePrefetch & next) {
    // about equal parts, as the few sums of a single vector wait for each other; vectors of one part share a panel,
    // where one holds several
    const int64_t vectors = size / width;
    const int64_t parts   = (vectors + nr_vectors - 1) / nr_vectors;
    for (int64_t i = 0; i < parts; ++i) {
        constexpr bool is_panel = width == panel_words;
        const int64_t  first    = is_panel ? vectors * i / parts : i * nr_vectors;
        const int64_t  last     = is_panel ? vectors * (i + 1) / parts : smaller(first + nr_vectors, vectors);
        add_some_columns(last - first, weights, values, begin, end, size, first * width, out, next);
    }
    if (const int64_t column = vectors * width; column < size) {
        add_columns<1, false>(weights, values, begin, end, size, column, size - column, out, next);
    }
}

} // namespace

} // namespace longembed
