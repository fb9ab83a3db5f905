// Dot products of rows, compiled once for each instruction set; see simd.h.

#include "dot.h"
#include "simd.h"

namespace longembed {

namespace {

// dot_left × dot_right accumulators must fit the registers: 32 of AVX-512 and NEON, 16 of AVX2 and SSE
#if LONGEMBED_VECTOR_FLOATS == 8 || (LONGEMBED_VECTOR_FLOATS == 4 && !defined(__aarch64__))
constexpr int dot_left  = 3;
constexpr int dot_right = 4;
#else
constexpr int dot_left  = 4;
constexpr int dot_right = 6;
#endif

// floats of a row that are multiplied before the lanes' sums are added in doubles: sixteen additions a lane, each with
// an error of at most 6e-8
constexpr int64_t dot_chunk = 16 * width;

// right rows at a time for a single left row, as in a search: enough accumulators to hide an addition's latency
constexpr int dot_single = 8;

/// products [L][R] = dot products of rows of `size` floats. A product's additions are the same whatever L and R.
template <int L, int R>
inline void multiply(const float * const * left, const float * const * right, int64_t size, double (*products)[R]) {
    constexpr int lanes = L * R * width;
    float         gathered[lanes];
    double        sums[lanes] = {};
    int64_t       i           = 0;
    while (i < size) {
        Vector        chunk[L][R] = {};
        const int64_t stop        = i + dot_chunk < size ? i + dot_chunk : size;
        for (; i + width <= stop; i += width) {
            Vector b[R];
            for (int r = 0; r < R; ++r) {
                b[r] = load(right[r] + i);
            }
            for (int l = 0; l < L; ++l) {
                const Vector a = load(left[l] + i);
                for (int r = 0; r < R; ++r) {
                    chunk[l][r] += a * b[r];
                }
            }
        }
        if (i < stop) {
            for (int l = 0; l < L; ++l) {
                for (int r = 0; r < R; ++r) {
                    chunk[l][r] += load_partial(left[l] + i, stop - i) * load_partial(right[r] + i, stop - i);
                }
            }
            i = stop;
        }
        for (int l = 0; l < L; ++l) {
            for (int r = 0; r < R; ++r) {
                store(gathered + (l * R + r) * width, chunk[l][r]);
            }
        }
        for (int lane = 0; lane < lanes; ++lane) {
            sums[lane] += gathered[lane];
        }
    }
    for (int l = 0; l < L; ++l) {
        for (int r = 0; r < R; ++r) {
            products[l][r] = 0.0;
            for (int lane = 0; lane < width; ++lane) {
                products[l][r] += sums[(l * R + r) * width + lane];
            }
        }
    }
}

/// Rows first … first + count − 1, the last one repeated past the end, so that the same instructions compute every
/// pair.
inline void rows_from(const float * matrix, int64_t rows, int64_t size, int64_t first, int count, const float ** to) {
    for (int row = 0; row < count; ++row) {
        to[row] = matrix + (first + row < rows ? first + row : rows - 1) * size;
    }
}

template <int L, int R> void dot_by(const DotTile & t) {
    for (int64_t r = 0; r < t.right_rows; r += R) {
        const float * right[R];
        rows_from(t.right, t.right_rows, t.size, r, R, right);
        for (int64_t l = 0; l < t.left_rows; l += L) {
            const float * left[L];
            rows_from(t.left, t.left_rows, t.size, l, L, left);
            double products[L][R];
            multiply<L, R>(left, right, t.size, products);
            for (int64_t i = 0; i < L && l + i < t.left_rows; ++i) {
                for (int64_t j = 0; j < R && r + j < t.right_rows; ++j) {
                    t.out[(l + i) * t.out_stride + r + j] = static_cast<float>(products[i][j]);
                }
            }
        }
    }
}

void dot(const DotTile & t) {
    if (t.left_rows == 1) {
        dot_by<1, dot_single>(t);
    } else {
        dot_by<dot_left, dot_right>(t);
    }
}

} // namespace

} // namespace longembed
