// The matrix product, compiled once for each instruction set; see simd.h.

#include "activations.h"
#include "product_kernel.h"
#include "simd.h"

namespace longembed {

namespace {

constexpr int64_t panel_outs = width * vectors;

static_assert(product_outs % panel_outs == 0 && width <= 16);

/// Weights of panel_outs outputs, as the sums take them: packed [depth][panel_outs] of columns k … k + depth − 1 of rows o ….
/// Rows past the last are zeros.
void pack_weights(const ProductTile & t, int64_t o, int64_t k, int64_t depth, float * packed, float * rows_as_floats) {
    for (int64_t group = 0; group < panel_outs; group += width) {
        const float * from[width];
        for (int64_t i = 0; i < width; ++i) {
            float *       row  = rows_as_floats + i * product_depth;
            const int64_t out  = o + group + i;
            from[i]            = row;
            if (out >= t.outs) {
                __builtin_memset(row, 0, depth * sizeof(float));
                continue;
            }
            const char * weights = t.weights + out * t.weight_stride + k / t.block * t.block_bytes;
            if (t.to_floats == nullptr) {
                from[i] = reinterpret_cast<const float *>(weights);
            } else {
                t.to_floats(weights, row, depth);
            }
        }
        int64_t column = 0;
        for (; column + width <= depth; column += width) {
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(from[i] + column);
            }
            transpose(square);
            for (int i = 0; i < width; ++i) {
                store(packed + (column + i) * panel_outs + group, square[i]);
            }
        }
        for (; column < depth; ++column) {
            for (int64_t i = 0; i < width; ++i) {
                packed[column * panel_outs + group + i] = from[i][column];
            }
        }
    }
}

/// y [n][panel_outs] = start + x [n][depth] · packed [depth][panel_outs], where start is a row `bias` or, if that is null, y
template <int n> void add_products(const float * x, int64_t x_stride, int64_t depth, const float * packed, const float * bias, float * y, int64_t y_stride) {
    Vector sums[n][vectors];
    for (int r = 0; r < n; ++r) {
        for (int v = 0; v < vectors; ++v) {
            sums[r][v] = load((bias == nullptr ? y + r * y_stride : bias) + v * width);
        }
    }
    for (int64_t k = 0; k < depth; ++k) {
        Vector w[vectors];
        for (int v = 0; v < vectors; ++v) {
            w[v] = load(packed + k * panel_outs + v * width);
        }
        for (int r = 0; r < n; ++r) {
            for (int v = 0; v < vectors; ++v) {
                sums[r][v] += x[r * x_stride + k] * w[v];
            }
        }
    }
    for (int r = 0; r < n; ++r) {
        for (int v = 0; v < vectors; ++v) {
            store(y + r * y_stride + v * width, sums[r][v]);
        }
    }
}

void add_products(int64_t n, const float * x, int64_t x_stride, int64_t depth, const float * packed, const float * bias, float * y, int64_t y_stride) {
    static_assert(rows == 6);
    switch (n) {
        case 1: return add_products<1>(x, x_stride, depth, packed, bias, y, y_stride);
        case 2: return add_products<2>(x, x_stride, depth, packed, bias, y, y_stride);
        case 3: return add_products<3>(x, x_stride, depth, packed, bias, y, y_stride);
        case 4: return add_products<4>(x, x_stride, depth, packed, bias, y, y_stride);
        case 5: return add_products<5>(x, x_stride, depth, packed, bias, y, y_stride);
        default: return add_products<6>(x, x_stride, depth, packed, bias, y, y_stride);
    }
}

void copy_rows(const float * from, int64_t from_stride, float * to, int64_t to_stride, int64_t n, int64_t count) {
    for (int64_t r = 0; r < n; ++r) {
        __builtin_memcpy(to + r * to_stride, from + r * from_stride, count * sizeof(float));
    }
}

void finish_rows(Finish finish, const float * other, int64_t other_stride, float * y, int64_t y_stride, int64_t n, int64_t outs) {
    if (finish == Finish::none) {
        return;
    }
    for (int64_t r = 0; r < n; ++r) {
        for (int64_t o = 0; o < outs; o += width) {
            float *      place = y + r * y_stride + o;
            const Vector sum   = load_some(place, smaller(width, outs - o));
            Vector       value;
            if (finish == Finish::gelu) {
                value = gelu(sum);
            } else {
                const Vector with = load_some(other + r * other_stride + o, smaller(width, outs - o));
                value = finish == Finish::add ? sum + with : sum * silu(with);
            }
            __builtin_memcpy(place, &value, smaller(width, outs - o) * sizeof(float));
        }
    }
}

void product(const ProductTile & t, float * scratch) {
    float * packed         = scratch;
    float * rows_as_floats = packed + panel_outs * product_depth;
    float * bias           = rows_as_floats + width * product_depth;
    float * partial        = bias + panel_outs;  // [rows][panel_outs]: the last panel's outputs, of which y has fewer

    for (int64_t o = 0; o < t.outs; o += panel_outs) {
        const int64_t outs = smaller(panel_outs, t.outs - o);
        __builtin_memset(bias, 0, panel_outs * sizeof(float));
        if (t.bias != nullptr) {
            __builtin_memcpy(bias, t.bias + o, outs * sizeof(float));
        }
        for (int64_t k = 0; k < t.size; k += product_depth) {
            const int64_t depth = smaller(product_depth, t.size - k);
            const bool    ends  = k + depth == t.size;
            pack_weights(t, o, k, depth, packed, rows_as_floats);
            for (int64_t token = 0; token < t.tokens; token += rows) {
                const int64_t n     = smaller(rows, t.tokens - token);
                const float * x     = t.x + token * t.x_stride + k;
                float *       y     = t.y + token * t.y_stride + o;
                const float * start = k == 0 ? bias : nullptr;
                if (outs == panel_outs) {
                    add_products(n, x, t.x_stride, depth, packed, start, y, t.y_stride);
                } else {
                    copy_rows(y, t.y_stride, partial, panel_outs, n, outs);
                    add_products(n, x, t.x_stride, depth, packed, start, partial, panel_outs);
                    copy_rows(partial, panel_outs, y, t.y_stride, n, outs);
                }
                if (ends) {
                    const float * other = t.other == nullptr ? nullptr : t.other + token * t.other_stride + o;
                    finish_rows(t.finish, other, t.other_stride, y, t.y_stride, n, outs);
                }
            }
        }
    }
}

} // namespace

} // namespace longembed
