// The attention kernel, compiled once for each instruction set; see simd.h.

#include <cmath>

#include "attention_kernel.h"
#include "simd.h"

namespace longembed {

namespace {

inline int64_t between(int64_t low, int64_t value, int64_t high) {
    return value < low ? low : (value > high ? high : value);
}

inline float sum_of(Vector v) {
    float sum = 0.0f;
    for (int i = 0; i < width; ++i) {
        sum += v[i];
    }
    return sum;
}

inline float largest_of(Vector v) {
    float largest = v[0];
    for (int i = 1; i < width; ++i) {
        largest = v[i] > largest ? v[i] : largest;
    }
    return largest;
}

/// scores [queries, rounded up to rows][tile_keys] = queries [..][size] · keys [size][tile_keys]
void score(const float * queries, int64_t count, int64_t size, const float * keys, float * scores) {
    for (int64_t row = 0; row < count; row += rows) {
        for (int64_t key = 0; key < tile_keys; key += width * vectors) {
            Vector        sums[rows][vectors] = {};
            const float * q = queries + row * size;
            for (int64_t i = 0; i < size; ++i) {
                Vector k[vectors];
                for (int v = 0; v < vectors; ++v) {
                    k[v] = load(keys + i * tile_keys + key + v * width);
                }
                for (int r = 0; r < rows; ++r) {
                    for (int v = 0; v < vectors; ++v) {
                        sums[r][v] += q[r * size + i] * k[v];
                    }
                }
            }
            for (int r = 0; r < rows; ++r) {
                for (int v = 0; v < vectors; ++v) {
                    store(scores + (row + r) * tile_keys + key + v * width, sums[r][v]);
                }
            }
        }
    }
}

/// columns first … first + n · width − 1 of out [rows][size] += weights [rows][tile_keys] · values [begin … end − 1][size]
template <int n> void add_columns(const float * weights, const float * values, int64_t begin, int64_t end, int64_t size, int64_t first, float * out) {
    Vector sums[rows][n];
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < n; ++v) {
            sums[r][v] = load(out + r * size + first + v * width);
        }
    }
    for (int64_t key = begin; key < end; ++key) {
        Vector value[n];
        for (int v = 0; v < n; ++v) {
            value[v] = load(values + key * size + first + v * width);
        }
        for (int r = 0; r < rows; ++r) {
            for (int v = 0; v < n; ++v) {
                sums[r][v] += weights[r * tile_keys + key] * value[v];
            }
        }
    }
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < n; ++v) {
            store(out + r * size + first + v * width, sums[r][v]);
        }
    }
}

/// out [count, rounded up to rows][size] += weights · values
void add_values(const float * weights, int64_t count, const float * values, int64_t begin, int64_t end, int64_t size, float * out) {
    for (int64_t row = 0; row < count; row += rows) {
        const float * w      = weights + row * tile_keys;
        float *       o      = out + row * size;
        int64_t       column = 0;
        for (; column + vectors * width <= size; column += vectors * width) {
            add_columns<vectors>(w, values, begin, end, size, column, o);
        }
        for (; column + width <= size; column += width) {
            add_columns<1>(w, values, begin, end, size, column, o);
        }
        for (; column < size; ++column) {
            for (int r = 0; r < rows; ++r) {
                for (int64_t key = begin; key < end; ++key) {
                    o[r * size + column] += w[r * tile_keys + key] * values[key * size + column];
                }
            }
        }
    }
}

void copy_some(float * to, const float * from, int64_t begin, int64_t end) {
    if (end > begin) {
        __builtin_memcpy(to + begin, from + begin, (end - begin) * sizeof(float));
    }
}

void hide(float * scores, int64_t begin, int64_t end) {
    for (int64_t key = begin; key < end; ++key) {
        scores[key] = -INFINITY;
    }
}

/// The state of one tile of queries while it goes over the keys.
struct Sweep {
    const AttentionTile & tile;
    const float *         near;    ///< queries, scaled: [queries, rounded up to rows][head size]
    const float *         before;
    const float *         after;
    float *               out;     ///< [queries, rounded up to rows][head size], not divided by `total` yet
    float *               scores;  ///< [tile_queries][tile_keys]
    float *               others;  ///< the same, for scores of another rotation
    float                 largest[tile_queries];
    double                total[tile_queries];
};

/// Puts scores of far keys in place of near ones, in a tile that has both. `base` is the index of the tile's first key.
void mix_far_scores(Sweep & s, const float * far_keys, int64_t base) {
    const AttentionTile & t = s.tile;
    if (base <= t.first_index + t.queries - 1 - t.window) {
        score(s.before, t.queries, t.head_size, far_keys, s.others);
        for (int64_t query = 0; query < t.queries; ++query) {
            const int64_t end = between(0, t.first_index + query - t.window - base + 1, tile_keys);
            copy_some(s.scores + query * tile_keys, s.others + query * tile_keys, 0, end);
        }
    }
    if (!t.causal && base + tile_keys - 1 >= t.first_index + t.window) {
        score(s.after, t.queries, t.head_size, far_keys, s.others);
        for (int64_t query = 0; query < t.queries; ++query) {
            const int64_t begin = between(0, t.first_index + query + t.window - base, tile_keys);
            copy_some(s.scores + query * tile_keys, s.others + query * tile_keys, begin, tile_keys);
        }
    }
}

/// Scores of all the tile's queries against the 64 keys of packed tile `number`; `base` is the index of the first of them.
void score_tile(Sweep & s, int64_t number, int64_t base) {
    const AttentionTile & t    = s.tile;
    const int64_t         last = t.first_index + t.queries - 1;
    const float *         near = t.near_keys + number * tile_keys * t.head_size;
    if (t.window == 0) {
        score(s.near, t.queries, t.head_size, near, s.scores);
        return;
    }
    const float * far = t.far_keys + number * tile_keys * t.head_size;
    if (base + tile_keys - 1 <= t.first_index - t.window) {
        score(s.before, t.queries, t.head_size, far, s.scores);
    } else if (base >= last + t.window) {
        score(s.after, t.queries, t.head_size, far, s.scores);
    } else {
        score(s.near, t.queries, t.head_size, near, s.scores);
        mix_far_scores(s, far, base);
    }
}

/// Turns a row of scores into weights relative to the row's largest score so far, and rescales what was gathered before.
void weigh(Sweep & s, int64_t query) {
    float * row     = s.scores + query * tile_keys;
    Vector  maximum = load(row);
    for (int64_t key = width; key < tile_keys; key += width) {
        maximum = larger(maximum, load(row + key));
    }
    const float before  = s.largest[query];
    const float here    = largest_of(maximum);
    const float largest = here > before ? here : before;
    if (largest == -INFINITY) {
        __builtin_memset(row, 0, tile_keys * sizeof(float));
        return;
    }
    if (largest > before) {
        const float  shrink = std::exp(before - largest);
        float *      out    = s.out + query * s.tile.head_size;
        for (int64_t i = 0; i < s.tile.head_size; ++i) {
            out[i] *= shrink;
        }
        s.total[query] *= shrink;
        s.largest[query] = largest;
    }
    Vector sum = {};
    for (int64_t key = 0; key < tile_keys; key += width) {
        const Vector weight = exponential(load(row + key) - largest);
        store(row + key, weight);
        sum += weight;
    }
    s.total[query] += sum_of(sum);
}

/// Copies queries × the logits' scale, and zeros up to a multiple of `rows`.
const float * scaled(const AttentionTile & t, const float * queries, float * to) {
    if (queries == nullptr) {
        return nullptr;
    }
    for (int64_t query = 0; query < tile_queries; ++query) {
        for (int64_t i = 0; i < t.head_size; ++i) {
            to[query * t.head_size + i] = query < t.queries ? t.scale * queries[query * t.query_stride + i] : 0.0f;
        }
    }
    return to;
}

void attention(const AttentionTile & t, float * scratch) {
    const int64_t area = tile_queries * t.head_size;
    Sweep s{t, scaled(t, t.near_queries, scratch), scaled(t, t.before_queries, scratch + area), scaled(t, t.after_queries, scratch + 2 * area),
            scratch + 3 * area, scratch + 4 * area, scratch + 4 * area + tile_queries * tile_keys, {}, {}};
    __builtin_memset(s.out, 0, area * sizeof(float));
    for (int64_t query = 0; query < tile_queries; ++query) {
        s.largest[query] = -INFINITY;
    }

    const int64_t last_index = t.first_index + t.queries - 1;
    const int64_t end        = t.causal ? smaller(t.keys, last_index + 1) : t.keys;
    const int64_t first_tile = t.first_key / tile_keys;
    const int64_t end_tile   = (t.first_key + end + tile_keys - 1) / tile_keys;

    for (int64_t number = first_tile; number < end_tile; ++number) {
        const int64_t base  = number * tile_keys - t.first_key; // negative where the sequence begins within the tile
        const int64_t begin = base < 0 ? -base : 0;
        const int64_t stop  = smaller(tile_keys, end - base);
        score_tile(s, number, base);
        for (int64_t query = 0; query < t.queries; ++query) {
            float *       row  = s.scores + query * tile_keys;
            const int64_t seen = t.causal ? between(0, t.first_index + query + 1 - base, stop) : stop;
            hide(row, 0, begin);
            hide(row, seen, tile_keys);
            weigh(s, query);
        }
        for (int64_t query = t.queries; query % rows != 0; ++query) {
            __builtin_memset(s.scores + query * tile_keys, 0, tile_keys * sizeof(float));
        }
        add_values(s.scores, t.queries, t.values + (t.first_key + base) * t.head_size, begin, stop, t.head_size, s.out);
    }

    for (int64_t query = 0; query < t.queries; ++query) {
        const auto factor = static_cast<float>(1.0 / s.total[query]);
        for (int64_t i = 0; i < t.head_size; ++i) {
            t.out[query * t.out_stride + i] = factor * s.out[query * t.head_size + i];
        }
    }
}

} // namespace

} // namespace longembed
