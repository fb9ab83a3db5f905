#include "row_search.h"

#include <algorithm>

#include "dot_products.h"
#include "graph/thread_team.h"
#include "kernels/cpu_kernels.h"

namespace longembed {

namespace {

/// Numbers that a thread takes at a time: some ten microseconds of work, more than threads need to agree on who takes
/// the next, and few enough that all end together.
constexpr int64_t numbers_per_piece = 128 * 1024;

/// Consecutive rows of one block.
struct Piece {
    int64_t block;
    int64_t begin; ///< in the block
    int64_t rows;
    int64_t out; ///< where the first row's result goes
};

template <typename Block>
std::vector<Piece> pieces_of(const Blocks<Block> & rows, const std::vector<RowRange> & ranges) {
    const int64_t      most = std::max<int64_t>(1, numbers_per_piece / rows.size);
    std::vector<Piece> pieces;
    int64_t            out = 0;
    for (const RowRange & range : ranges) {
        for (int64_t row = range.begin; row < range.end;) {
            const int64_t begin = row % rows.rows_per_block;
            const int64_t count = std::min({range.end - row, rows.rows_per_block - begin, most});
            pieces.push_back({row / rows.rows_per_block, begin, count, out});
            row += count;
            out += count;
        }
    }
    return pieces;
}

/// Which pieces a thread takes at a time: the first ones of the turns, and the end. Alone, a piece of a few rows is
/// less work than agreeing on who takes it.
std::vector<size_t> turns_of(const std::vector<Piece> & pieces) {
    constexpr int64_t   rows_per_turn = 64;
    std::vector<size_t> turns;
    int64_t             taken = rows_per_turn;
    for (size_t i = 0; i < pieces.size(); ++i) {
        if (taken >= rows_per_turn) {
            turns.push_back(i);
            taken = 0;
        }
        taken += pieces[i].rows;
    }
    turns.push_back(pieces.size());
    return turns;
}

void multiply(DotKernel dot, const float * query, const Blocks<const float *> & rows, const Piece & piece,
              float * out) {
    const float * first = rows.blocks[piece.block] + piece.begin * rows.size;
    for (int64_t row = 0; row < piece.rows; row += dot_tile) {
        DotTile tile;
        tile.left       = query;
        tile.left_rows  = 1;
        tile.right      = first + row * rows.size;
        tile.right_rows = std::min(dot_tile, piece.rows - row);
        tile.size       = rows.size;
        tile.out        = out + row;
        tile.out_stride = tile.right_rows;
        dot(tile);
    }
}

/// For compilers that cannot compile our kernels.
void code_dot_plain(const int8_t * codes, int64_t rows, const int16_t * query, int64_t size, int64_t * products) {
    for (int64_t row = 0; row < rows; ++row) {
        products[row] = 0;
        for (int64_t i = 0; i < size; ++i) {
            products[row] += static_cast<int64_t>(codes[row * size + i]) * query[i];
        }
    }
}

} // namespace

void bound_products(const float * query, const Blocks<CodedBlock> & rows, float * lower, float * upper, int threads,
                    const Control & control) {
    const CodeDotKernel      kernel   = cpu_kernels().code_dot;
    const CodeDotKernel      multiply = kernel == nullptr ? code_dot_plain : kernel;
    const QuantizedQuery     coded(query, rows.size);
    const std::vector<Piece> pieces = pieces_of(rows, {{0, rows.rows}});
    ThreadTeam               team(static_cast<int>(std::clamp<int64_t>(pieces.size(), 1, threads)));
    team.run(static_cast<int64_t>(pieces.size()), [&](int /*member*/, int64_t index) {
        control.check();
        const Piece &        piece = pieces[index];
        const CodedBlock &   block = rows.blocks[piece.block];
        std::vector<int64_t> products(piece.rows);
        multiply(block.codes + piece.begin * rows.size, piece.rows, coded.codes(), rows.size, products.data());
        for (int64_t row = 0; row < piece.rows; ++row) {
            coded.bound(products[row], block.facts[piece.begin + row], lower[piece.out + row], upper[piece.out + row]);
        }
    });
}

void products_of(const float * query, const Blocks<const float *> & rows, const std::vector<RowRange> & ranges,
                 float * out, int threads, const Control & control) {
    const DotKernel           dot    = dot_kernel();
    const std::vector<Piece>  pieces = pieces_of(rows, ranges);
    const std::vector<size_t> turns  = turns_of(pieces);
    const auto                count  = static_cast<int64_t>(turns.size()) - 1;
    ThreadTeam                team(static_cast<int>(std::clamp<int64_t>(count, 1, threads)));
    team.run(count, [&](int /*member*/, int64_t turn) {
        control.check();
        for (size_t i = turns[turn]; i < turns[turn + 1]; ++i) {
            multiply(dot, query, rows, pieces[i], out + pieces[i].out);
        }
    });
}

} // namespace longembed
