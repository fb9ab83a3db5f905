// The matrix product, compiled once for each instruction set; see simd.h.

#include "activations.h"
#include "product_kernel.h"
#include "simd.h"

namespace longembed {

namespace {

constexpr int64_t panel_outs = width * vectors;

static_assert(product_outs % panel_outs == 0 && width <= 16);

/// Whether the weights lie in memory as what is multiplied.
inline bool are_items(const ProductTile & t, int64_t depth) {
    return numbers_per_item == 1 ? t.format == Format::floats : t.format == Format::bfloats && depth % numbers_per_item == 0;
}

/// Items of columns k … k + depth − 1 of an output's weights, where they are or in `to`; zeros past the last output.
const float * weight_items(const ProductTile & t, int64_t out, int64_t k, int64_t depth, float * to) {
    if (out >= t.outs) {
        __builtin_memset(to, 0, items_of(depth) * sizeof(float));
        return to;
    }
    const char * weights = t.weights + out * t.weight_stride + k / t.block * t.block_bytes;
    if (are_items(t, depth)) {
        return reinterpret_cast<const float *>(weights);
    }
    if (t.format == Format::floats) {
        make_items(reinterpret_cast<const float *>(weights), depth, to);
        return to;
    }
    t.to_floats(weights, to, depth);
    make_items(to, depth, to);
    return to;
}

/// Has an output's weights brought near, while others are made ready: they come from far memory, once for a block of tokens.
inline void prefetch_weights(const ProductTile & t, int64_t out, int64_t k, int64_t depth) {
    constexpr int64_t line = 64;
    if (out < t.outs) {
        const char * weights = t.weights + out * t.weight_stride + k / t.block * t.block_bytes;
        for (int64_t byte = 0; byte < depth / t.block * t.block_bytes; byte += line) {
            __builtin_prefetch(weights + byte, 0, 2);
        }
    }
}

// Rows that lie a power of two apart fall into the same few places of the first-level cache.
constexpr int64_t row_stride = product_depth + 16;

/// Packs items of panel_outs outputs' weights as the sums take them: [items_of(depth)][panel_outs].
void pack_weights(const ProductTile & t, int64_t o, int64_t k, int64_t depth, float * packed, float * converted) {
    const int64_t items = items_of(depth);
    for (int64_t group = 0; group < panel_outs; group += width) {
        const float * from[width];
        for (int64_t i = 0; i < width; ++i) {
            prefetch_weights(t, o + group + i + 2 * width, k, depth);
            from[i] = weight_items(t, o + group + i, k, depth, converted + i * row_stride);
        }
        int64_t item = 0;
        for (; item + width <= items; item += width) {
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load(from[i] + item);
            }
            transpose(square);
            for (int i = 0; i < width; ++i) {
                store(packed + (item + i) * panel_outs + group, square[i]);
            }
        }
        for (; item < items; ++item) {
            for (int64_t i = 0; i < width; ++i) {
                packed[item * panel_outs + group + i] = from[i][item];
            }
        }
    }
}

/// y [n][panel_outs] = start + x [n][items] · packed [items][panel_outs], where start is a row `bias` or, if that is null, y
template <int n> void add_products(const float * x, int64_t x_stride, int64_t items, const float * packed, const float * bias, float * y, int64_t y_stride) {
    Vector sums[n][vectors];
    for (int r = 0; r < n; ++r) {
        for (int v = 0; v < vectors; ++v) {
            sums[r][v] = load((bias == nullptr ? y + r * y_stride : bias) + v * width);
        }
    }
    for (int64_t k = 0; k < items; ++k) {
        Vector w[vectors];
        for (int v = 0; v < vectors; ++v) {
            w[v] = load(packed + k * panel_outs + v * width);
        }
        for (int r = 0; r < n; ++r) {
            for (int v = 0; v < vectors; ++v) {
                sums[r][v] = add_product(sums[r][v], x[r * x_stride + k], w[v]);
            }
        }
    }
    for (int r = 0; r < n; ++r) {
        for (int v = 0; v < vectors; ++v) {
            store(y + r * y_stride + v * width, sums[r][v]);
        }
    }
}

void add_products(int64_t n, const float * x, int64_t x_stride, int64_t items, const float * packed, const float * bias, float * y, int64_t y_stride) {
    static_assert(rows == 6);
    switch (n) {
        case 1: return add_products<1>(x, x_stride, items, packed, bias, y, y_stride);
        case 2: return add_products<2>(x, x_stride, items, packed, bias, y, y_stride);
        case 3: return add_products<3>(x, x_stride, items, packed, bias, y, y_stride);
        case 4: return add_products<4>(x, x_stride, items, packed, bias, y, y_stride);
        case 5: return add_products<5>(x, x_stride, items, packed, bias, y, y_stride);
        default: return add_products<6>(x, x_stride, items, packed, bias, y, y_stride);
    }
}

void copy_rows(const float * from, int64_t from_stride, float * to, int64_t to_stride, int64_t n, int64_t count) {
    for (int64_t r = 0; r < n; ++r) {
        __builtin_memcpy(to + r * to_stride, from + r * from_stride, count * sizeof(float));
    }
}

inline Vector finished(Finish finish, Vector sum, Vector other) {
    switch (finish) {
        case Finish::gelu: return gelu(sum);
        case Finish::add:  return sum + other;
        case Finish::gate: return sum * silu(other);
        default:           return sum;
    }
}

/// @param other  null where `finish` does not need it
void finish_rows(Finish finish, const float * other, int64_t other_stride, float * y, int64_t y_stride, int64_t n, int64_t outs) {
    if (finish == Finish::none) {
        return;
    }
    for (int64_t r = 0; r < n; ++r) {
        float *       sums = y + r * y_stride;
        const float * with = other == nullptr ? sums : other + r * other_stride;
        int64_t       o    = 0;
        for (; o + width <= outs; o += width) {
            store(sums + o, finished(finish, load(sums + o), load(with + o)));
        }
        if (o < outs) {
            const Vector value = finished(finish, load_some(sums + o, outs - o), load_some(with + o, outs - o));
            __builtin_memcpy(sums + o, &value, (outs - o) * sizeof(float));
        }
    }
}

/// One strip of tokens against one panel of outputs, from column k on.
struct Piece {
    int64_t out;
    int64_t outs;
    int64_t token;
    int64_t tokens;
    int64_t k;
    int64_t depth;
};

/// Memory of a product.
struct ProductScratch {
    float * packed;     ///< [product_depth][panel_outs]
    float * converted;  ///< [width][row_stride]
    float * partial;    ///< [rows][panel_outs]: the last panel's outputs, of which y has fewer
    float * bias;       ///< [panel_outs]
    float * x;          ///< [tokens][items_of(size)], where x must be made into other items
};

void multiply(const ProductTile & t, const Piece & p, const ProductScratch & scratch) {
    const int64_t x_stride = numbers_per_item == 1 ? t.x_stride : items_of(t.size);
    const float * x        = (numbers_per_item == 1 ? t.x : scratch.x) + p.token * x_stride + p.k / numbers_per_item;
    float *       y     = t.y + p.token * t.y_stride + p.out;
    const float * start = p.k == 0 ? scratch.bias : nullptr;
    if (p.outs == panel_outs) {
        add_products(p.tokens, x, x_stride, items_of(p.depth), scratch.packed, start, y, t.y_stride);
    } else {
        copy_rows(y, t.y_stride, scratch.partial, panel_outs, p.tokens, p.outs);
        add_products(p.tokens, x, x_stride, items_of(p.depth), scratch.packed, start, scratch.partial, panel_outs);
        copy_rows(scratch.partial, panel_outs, y, t.y_stride, p.tokens, p.outs);
    }
    if (p.k + p.depth == t.size) {
        const float * other = t.other == nullptr ? nullptr : t.other + p.token * t.other_stride + p.out;
        finish_rows(t.finish, other, t.other_stride, y, t.y_stride, p.tokens, p.outs);
    }
}

void product(const ProductTile & t, float * memory) {
    ProductScratch scratch{};
    scratch.packed    = memory;
    scratch.converted = scratch.packed + panel_outs * product_depth;
    scratch.partial   = scratch.converted + width * row_stride;
    scratch.bias      = scratch.partial + rows * panel_outs;
    scratch.x         = scratch.bias + panel_outs;
    for (int64_t token = 0; numbers_per_item > 1 && token < t.tokens; ++token) {
        make_items(t.x + token * t.x_stride, t.size, scratch.x + token * items_of(t.size));
    }

    for (int64_t out = 0; out < t.outs; out += panel_outs) {
        const int64_t outs = smaller(panel_outs, t.outs - out);
        __builtin_memset(scratch.bias, 0, panel_outs * sizeof(float));
        if (t.bias != nullptr) {
            __builtin_memcpy(scratch.bias, t.bias + out, outs * sizeof(float));
        }
        for (int64_t k = 0; k < t.size; k += product_depth) {
            const int64_t depth = smaller(product_depth, t.size - k);
            pack_weights(t, out, k, depth, scratch.packed, scratch.converted);
            for (int64_t token = 0; token < t.tokens; token += rows) {
                multiply(t, {out, outs, token, smaller(rows, t.tokens - token), k, depth}, scratch);
            }
        }
    }
}

} // namespace

} // namespace longembed
