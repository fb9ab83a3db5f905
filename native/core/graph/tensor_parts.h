#pragma once

#include "ggml.h"
#include "ops/rope.h"
#include "step_graph.h"

namespace longembed {

/// Entries first … first + count − 1 of a vector; null of null.
inline ggml_tensor * entries(ggml_context * ctx, ggml_tensor * vector, int64_t first, int64_t count) {
    return vector == nullptr ? nullptr : ggml_view_1d(ctx, vector, count, first * vector->nb[0]);
}

inline RopePositions entries(ggml_context * ctx, const RopePositions & positions, int64_t first, int64_t count) {
    return {entries(ctx, positions.whole, first, count), entries(ctx, positions.fine, first, count),
            entries(ctx, positions.coarse, first, count)};
}

/// Columns first … first + count − 1 of a matrix [rows, columns]; null of null.
inline ggml_tensor * columns(ggml_context * ctx, ggml_tensor * matrix, int64_t first, int64_t count) {
    return matrix == nullptr ? nullptr
                             : ggml_view_2d(ctx, matrix, matrix->ne[0], count, matrix->nb[1], first * matrix->nb[1]);
}

/// Entries first … first + count − 1 along the last dimension of [a, b, n].
inline ggml_tensor * slabs(ggml_context * ctx, ggml_tensor * tensor, int64_t first, int64_t count) {
    return ggml_view_3d(ctx, tensor, tensor->ne[0], tensor->ne[1], count, tensor->nb[1], tensor->nb[2],
                        first * tensor->nb[2]);
}

/// Adds to the graph that `rows` [size, heads, n] are stored as tokens first … of `stored` [≥ size, tokens, heads],
/// where those of a head lie together, as attention reads them.
inline void store_by_head(StepGraph & steps, ggml_tensor * rows, ggml_tensor * stored, int64_t first) {
    ggml_tensor * place = ggml_view_3d(steps.ctx(), stored, rows->ne[0], rows->ne[2], stored->ne[2], stored->nb[1],
                                       stored->nb[2], first * stored->nb[1]);
    steps.add(ggml_cpy(steps.ctx(), ggml_permute(steps.ctx(), rows, 0, 2, 1, 3), place));
}

/// The same as tokens first … of `stored` [tokens, size, heads], where those of a head's dimension lie together.
inline void store_transposed(StepGraph & steps, ggml_tensor * rows, ggml_tensor * stored, int64_t first) {
    ggml_tensor * place = ggml_view_3d(steps.ctx(), stored, rows->ne[2], stored->ne[1], stored->ne[2], stored->nb[1],
                                       stored->nb[2], first * stored->nb[0]);
    steps.add(ggml_cpy(steps.ctx(), ggml_permute(steps.ctx(), rows, 1, 2, 0, 3), place));
}

/// Adds to the graph that what some heads of tokens attend to, [head size, some heads, n], is stored in columns first …
/// of `heads` [head size · heads, …].
inline void store_heads(StepGraph & steps, ggml_tensor * attended, ggml_tensor * heads, int64_t first,
                        int64_t first_head = 0) {
    const size_t  head  = attended->ne[0] * heads->nb[0];
    ggml_tensor * place = ggml_view_3d(steps.ctx(), heads, attended->ne[0], attended->ne[1], attended->ne[2], head,
                                       heads->nb[1], first * heads->nb[1] + first_head * head);
    steps.add(ggml_cpy(steps.ctx(), attended, place));
}

} // namespace longembed
