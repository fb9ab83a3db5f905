// What is done between the products of a pair of tiles, since tiles are multiplied beside other instructions: the next
// piece's weights are split, and the sums of the pair before are written. A little after each few products: the
// processor looks some 500 instructions ahead, and finds products or other work only within them.

#pragma once

#include "tile_gemm_pack.h"
#include "tile_gemm_write.h"

namespace longembed {

namespace {

/// Work in equal parts, done step by step.
class Share {
public:
    /// @param parts  in so many steps
    void begin(int64_t parts, int64_t steps) {
        parts_ = left_ = parts;
        steps_         = steps;
        due_           = 0;
    }
    /// Counts a step.
    void step() { due_ += parts_; }
    /// Whether another part should be done by now; counts it.
    bool take() {
        if (due_ < steps_ || left_ == 0) {
            return false;
        }
        due_ -= steps_;
        --left_;
        return true;
    }
    /// Whether any part is left; counts it.
    bool take_rest() { return left_ > 0 && left_-- > 0; }

    int64_t done() const { return parts_ - left_; } ///< with the one that was taken

private:
    int64_t parts_ = 0;
    int64_t left_  = 0;
    int64_t steps_ = 1;
    int64_t due_   = 0; ///< parts times steps
};

class Between {
public:
    explicit Between(const TileGemm & g) : g_(g), run_(larger(g.t.block, split_run)) {}

    /// @param steps  how often step() will be called
    void split_next(const Piece & piece, float * panel, int64_t steps) {
        piece_ = piece;
        panel_ = panel;
        runs_  = count_of(piece.depth(g_), run_);
        split_.begin(piece.out < g_.t.n ? panel_outputs * runs_ : 0, steps);
    }

    /// @param steps  likewise, until the next call
    void write_next(const float * sums, int64_t out, int64_t token, int64_t steps) {
        sums_  = sums;
        out_   = out;
        first_ = token;
        write_.begin(squares * parts_of_square(), steps);
        prefetch(0);
    }

    inline void step() {
        split_.step();
        while (split_.take()) {
            split();
        }
        write_.step();
        while (write_.take()) {
            write();
        }
    }

    void split_rest() {
        while (split_.take_rest()) {
            split();
        }
    }

    void write_rest() {
        while (write_.take_rest()) {
            write();
        }
    }

private:
    static constexpr int64_t squares       = 4;
    static constexpr int64_t split_run     = 256; ///< weights of a row that are split at once, or a block of their type
    static constexpr int64_t tokens_a_part = 8;

    int64_t parts_of_square() const { return is_long(g_.t.epilogue) ? 1 + tile_words / tokens_a_part : 1; }

    void split() {
        const int64_t part = split_.done() - 1;
        split_weights(g_, piece_, part / runs_, part % runs_ * run_, run_, panel_);
    }

    void prefetch(int64_t number) const {
        if (number < squares && square(number).is_there()) {
            SquareRows(g_.t, square(number)).prefetch();
        }
    }

    void write() {
        const int64_t parts  = parts_of_square();
        const int64_t number = (write_.done() - 1) / parts;
        const int64_t part   = (write_.done() - 1) % parts;
        const Square  s      = square(number);
        if (part == 0) {
            prefetch(number + 1);
        }
        if (!s.is_there()) {
            return;
        }
        with_constant(g_.t.epilogue, [&](auto constant) {
            if constexpr (!is_long(constant.epilogue)) {
                is_finite_ = write_square<constant.epilogue>(g_, s);
            } else if (part == 0) {
                is_finite_ = keep_square(g_, s);
            } else {
                write_tokens<constant.epilogue>(g_, s, (part - 1) * tokens_a_part, part * tokens_a_part);
            }
        });
        if (part == parts - 1 && !is_finite_) {
            replace_not_finite(g_, s);
        }
    }

    Square square(int64_t number) const {
        const int64_t out   = out_ + number / 2 * tile_rows;
        const int64_t token = first_ + number % 2 * tile_words;
        return {sums_ + number * tile_area, out, smaller(tile_rows, g_.t.n - out), token,
                smaller(tile_words, g_.t.tokens - token)};
    }

    const TileGemm & g_;

    Share         split_;
    Piece         piece_{};
    float *       panel_ = nullptr;
    const int64_t run_;
    int64_t       runs_ = 1; ///< of a row

    Share         write_;
    const float * sums_      = nullptr;
    int64_t       out_       = 0;
    int64_t       first_     = 0;
    bool          is_finite_ = true;
};

} // namespace

} // namespace longembed
