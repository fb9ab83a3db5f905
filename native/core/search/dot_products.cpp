#include "dot_products.h"

#include <algorithm>

#include "graph/thread_team.h"
#include "kernels/cpu_kernels.h"

namespace longembed {

namespace {

/// For compilers that cannot compile our kernels.
void dot_plain(const DotTile & t) {
    for (int64_t l = 0; l < t.left_rows; ++l) {
        for (int64_t r = 0; r < t.right_rows; ++r) {
            double sum = 0.0;
            for (int64_t i = 0; i < t.size; ++i) {
                sum += static_cast<double>(t.left[l * t.size + i]) * t.right[r * t.size + i];
            }
            t.out[l * t.out_stride + r] = static_cast<float>(sum);
        }
    }
}

int64_t tiles_of(int64_t rows) {
    return (rows + dot_tile - 1) / dot_tile;
}

/// Tiles that a thread takes at a time. One row's tiles take some microseconds each, less than threads need to agree on
/// who takes the next.
int64_t tiles_per_piece(int64_t left_rows) {
    return left_rows == 1 ? 16 : 1;
}

} // namespace

DotKernel dot_kernel() {
    const DotKernel kernel = cpu_kernels().dot;
    return kernel == nullptr ? dot_plain : kernel;
}

void dot_products(const RowPairs & rows, float * out, int threads, const Control & control) {
    const DotKernel dot    = dot_kernel();
    const int64_t   across = tiles_of(rows.right_rows);
    const int64_t   tiles  = tiles_of(rows.left_rows) * across;
    if (tiles == 0) {
        return;
    }

    const int64_t piece  = tiles_per_piece(rows.left_rows);
    const int64_t pieces = (tiles + piece - 1) / piece;

    const auto multiply_tile = [&](int64_t tile) {
        const int64_t left  = tile / across * dot_tile;
        const int64_t right = tile % across * dot_tile;
        DotTile       t;
        t.left       = rows.left + left * rows.size;
        t.left_rows  = std::min(dot_tile, rows.left_rows - left);
        t.right      = rows.right + right * rows.size;
        t.right_rows = std::min(dot_tile, rows.right_rows - right);
        t.size       = rows.size;
        t.out        = out + left * rows.right_rows + right;
        t.out_stride = rows.right_rows;
        dot(t);
    };
    ThreadTeam team(static_cast<int>(std::min<int64_t>(threads, pieces)));
    team.run(pieces, [&](int /*member*/, int64_t index) {
        control.check();
        const int64_t end = std::min(tiles, (index + 1) * piece);
        for (int64_t tile = index * piece; tile < end; ++tile) {
            multiply_tile(tile);
        }
    });
}

} // namespace longembed
