#include "block_pass.h"

#include <algorithm>

#include "ops/ops.h"

namespace longembed {

namespace {

// Pooled tokens computed at once: each may need an attention operation of its own, and a graph holds only so many.
constexpr int64_t rows_per_step             = 256;
constexpr int64_t rows_per_step_self_extend = 64;

/// Null of null.
ggml_tensor * slice(ggml_context * ctx, ggml_tensor * vector, int64_t first, int64_t count) {
    return vector == nullptr ? nullptr : ggml_view_1d(ctx, vector, count, first * vector->nb[0]);
}

/// Columns first … first + count − 1 of a matrix [rows, columns].
ggml_tensor * columns(ggml_context * ctx, ggml_tensor * matrix, int64_t first, int64_t count) {
    return ggml_view_2d(ctx, matrix, matrix->ne[0], count, matrix->nb[1], first * matrix->nb[1]);
}

/// Entries first … first + count − 1 along the last dimension of [a, b, n].
ggml_tensor * slabs(ggml_context * ctx, ggml_tensor * tensor, int64_t first, int64_t count) {
    return ggml_view_3d(ctx, tensor, tensor->ne[0], tensor->ne[1], count, tensor->nb[1], tensor->nb[2], first * tensor->nb[2]);
}

} // namespace

double PassSetup::attention_operations(int64_t queries, int64_t keys) const {
    const AttentionShape & shape = architecture.attention(0);
    const double           seen  = shape.causal ? 0.5 : 1.0;
    return 4.0 * seen * static_cast<double>(queries) * static_cast<double>(keys * shape.heads * shape.head_size);
}

double PassSetup::total_operations() const {
    double attention = 0.0;
    for (const PackedSequence & sequence : layout.sequences) {
        attention += attention_operations(sequence.length, sequence.length);
    }
    return layers * (attention + layer_operations(layout.tokens));
}

BlockPass::BlockPass(const PassSetup & setup, Lane & lane, int number, Control & control, WorkMeter & meter)
    : setup_(setup), shape_(setup.architecture.attention(0)), workspace_(setup.workspace), own_(setup.workspace.lanes[number]),
      uses_self_extend_(setup.plan.self_extend.has_value()), attention_(shape_, setup.workspace), steps_(lane, control, meter) {
    if (setup.kernels.attention != nullptr) {
        cpu_attention_.emplace(shape_, setup.workspace, setup.kernels);
    } else if (uses_self_extend_) {
        self_extend_.emplace(shape_, setup.workspace, own_.scores);
    }
}

void BlockPass::run_whole(const Block & block, const SequenceRange & sequences) {
    embed_tokens(block);
    for (int layer = 0; layer < setup_.layers; ++layer) {
        fill_keys_and_values(layer, block);
        if (is_last(layer) && setup_.pools_rows) {
            compute_rows(sequences);
        } else {
            compute(layer, block);
        }
    }
    flush();
}

void BlockPass::flush() {
    steps_.flush();
    forget();
}

void BlockPass::end_step(double operations) {
    if (steps_.end_step(operations)) {
        forget();
    }
}

void BlockPass::forget() {
    attention_.forget_masks();
    if (cpu_attention_) {
        cpu_attention_->forget();
    }
}

ggml_tensor * BlockPass::x_of(const Block & block) const {
    return columns(ctx(), workspace_.x, block.first, block.tokens);
}

ggml_tensor * BlockPass::rotate(int layer, ggml_tensor * x, ggml_tensor * positions) const {
    const Rope * rope = setup_.architecture.rope(layer);
    return rope == nullptr ? x : rope->with(setup_.rope_base, setup_.rope_scale).apply(ctx(), x, positions);
}

void BlockPass::embed_tokens(const Block & block) {
    AbsolutePositions positions;
    positions.lower = slice(ctx(), workspace_.positions, block.first, block.tokens);
    if (!setup_.plan.positions_upper.empty()) {
        positions.upper    = slice(ctx(), workspace_.positions_upper, block.first, block.tokens);
        positions.fraction = columns(ctx(), workspace_.positions_fraction, block.first, block.tokens);
    }
    ggml_tensor * x = setup_.architecture.embed(ctx(), slice(ctx(), workspace_.tokens, block.first, block.tokens), positions);
    steps_.add(ggml_cpy(ctx(), x, x_of(block)));
    end_step(0.0);
}

void BlockPass::fill_keys_and_values(int layer, const Block & block) {
    const Projections made = setup_.architecture.project(ctx(), layer, x_of(block));
    keep(layer, made.k, made.v, block);
    end_step(0.5 * setup_.layer_operations(block.tokens));
}

void BlockPass::keep(int layer, ggml_tensor * k, ggml_tensor * v, const Block & block) {
    ggml_tensor * near = rotate(layer, k, slice(ctx(), workspace_.positions, block.first, block.tokens));
    ggml_tensor * far  = uses_self_extend_ ? rotate(layer, k, slice(ctx(), workspace_.far_key_positions, block.first, block.tokens)) : nullptr;
    if (cpu_attention_) {
        cpu_attention_->keep_keys(steps_, near, workspace_.key_tiles, block.first);
        if (far != nullptr) {
            cpu_attention_->keep_keys(steps_, far, workspace_.far_key_tiles, block.first);
        }
        cpu_attention_->keep_values(steps_, v, block.first);
        return;
    }
    keep_by_head(near, workspace_.keys, block);
    if (far != nullptr) {
        keep_by_head(far, workspace_.far_keys, block);
        keep_by_dimension(v, block);
    } else {
        keep_by_head(v, workspace_.values, block);
    }
}

void BlockPass::keep_by_head(ggml_tensor * rows, ggml_tensor * kept, const Block & block) {
    // a head's keys lie together, as attention reads them
    ggml_tensor *  place = ggml_view_3d(ctx(), kept, rows->ne[0], block.tokens, kept->ne[2], kept->nb[1], kept->nb[2], block.first * kept->nb[1]);
    steps_.add(ggml_cpy(ctx(), ggml_permute(ctx(), rows, 0, 2, 1, 3), place));
}

void BlockPass::keep_by_dimension(ggml_tensor * rows, const Block & block) {
    // the product of attention weights and values runs along tokens
    ggml_tensor *  kept  = workspace_.values_by_dimension;
    ggml_tensor *  place = ggml_view_3d(ctx(), kept, block.tokens, kept->ne[1], kept->ne[2], kept->nb[1], kept->nb[2], block.first * kept->nb[0]);
    steps_.add(ggml_cpy(ctx(), ggml_permute(ctx(), rows, 1, 2, 0, 3), place));
}

void BlockPass::compute(int layer, const Block & block) {
    ggml_tensor * heads = heads_of_block(layer, block, setup_.architecture.project(ctx(), layer, x_of(block)).q);
    ggml_tensor * x     = setup_.architecture.finish_layer(ctx(), layer, x_of(block), heads);
    if (is_last(layer)) {
        x = setup_.architecture.finish(ctx(), x);
    }
    steps_.add(ggml_cpy(ctx(), x, x_of(block)));

    double operations = 0.5 * setup_.layer_operations(block.tokens);
    for (const Segment & segment : block.segments) {
        operations += setup_.attention_operations(segment.queries * segment.count, segment.keys);
    }
    end_step(operations);
}

ggml_tensor * BlockPass::heads_of_block(int layer, const Block & block, ggml_tensor * queries) {
    const auto     positions = [&](ggml_tensor * all) { return slice(ctx(), all, block.first, block.tokens); };

    // a factor that changes from query to query goes into the queries; one for a whole sequence into the operation
    bool factors_in_queries = false;
    for (const Segment & segment : block.segments) {
        factors_in_queries = factors_in_queries || !setup_.plan.shared_factor(segment.first_query, segment.queries * segment.count);
    }
    if (factors_in_queries) {
        queries = ggml_mul(ctx(), queries, slabs(ctx(), workspace_.logit_scale, block.first, block.tokens));
    }

    const SelfExtendQueries rotated = rotate_queries(layer, queries, positions(workspace_.positions), positions(workspace_.before_positions),
                                                     positions(workspace_.after_positions));

    std::vector<AttentionRun> runs;
    for (const Segment & segment : block.segments) {
        const float factor = factors_in_queries ? 1.0f : *setup_.plan.shared_factor(segment.first_query, segment.queries * segment.count);
        runs.push_back({segment.first_query - block.first, segment.first_query - segment.first_key, segment.queries, segment.first_key,
                        segment.keys, segment.count, factor});
    }
    attend(rotated, runs);
    return columns(ctx(), own_.heads, 0, block.tokens);
}

SelfExtendQueries BlockPass::rotate_queries(int layer, ggml_tensor * queries, ggml_tensor * near, ggml_tensor * before, ggml_tensor * after) const {
    SelfExtendQueries rotated;
    rotated.near = rotate(layer, queries, near);
    if (uses_self_extend_) {
        rotated.before = rotate(layer, queries, before);
        rotated.after  = after == nullptr ? nullptr : rotate(layer, queries, after);
    }
    return rotated;
}

void BlockPass::attend(const SelfExtendQueries & queries, const std::vector<AttentionRun> & runs) {
    if (cpu_attention_) {
        cpu_attention_->gather(steps_, queries, runs, own_.heads);
        return;
    }
    for (const AttentionRun & run : runs) {
        attend_by_ggml(queries, run);
    }
}

void BlockPass::attend_by_ggml(const SelfExtendQueries & queries, const AttentionRun & run) {
    if (self_extend_) {
        for (int64_t s = 0; s < run.count; ++s) {
            const Segment one{0, run.queries, run.first_key + s * run.keys, run.keys, 1};
            self_extend_->gather(steps_, queries, run.column + s * run.queries, one, run.first_index, run.logit_factor, own_.heads);
        }
        return;
    }
    // a GPU computes all at once; a CPU a few queries at a time of one long sequence
    const bool    at_once = run.count > 1 || !setup_.main_is_cpu;
    const int64_t step    = at_once ? run.queries : Attention::queries_per_step(shape_, run.keys, run.queries);
    for (int64_t from = 0; from < run.queries; from += step) {
        const Segment some{0, std::min(step, run.queries - from), run.first_key, run.keys, run.count};
        keep_heads(attention_.gather(ctx(), queries.near, run.column + from, some, run.first_index + from, run.logit_factor), run.column + from);
    }
}

void BlockPass::keep_heads(ggml_tensor * heads, int64_t first) {
    // heads [head size, heads, n]
    const size_t  head  = heads->ne[0] * own_.heads->nb[0];
    ggml_tensor * place = ggml_view_3d(ctx(), own_.heads, heads->ne[0], heads->ne[1], heads->ne[2], head, own_.heads->nb[1], first * own_.heads->nb[1]);
    steps_.add(ggml_cpy(ctx(), heads, place));
}

void BlockPass::compute_rows(const SequenceRange & sequences) {
    const int     layer = setup_.layers - 1;
    const int64_t most  = std::min(own_.heads->ne[1], uses_self_extend_ && !cpu_attention_ ? rows_per_step_self_extend : rows_per_step);
    const int64_t end   = sequences.first + sequences.count;

    for (int64_t first = sequences.first; first < end; first += most) {
        const int64_t rows = std::min(most, end - first);
        ggml_tensor * x    = ggml_get_rows(ctx(), workspace_.x, slice(ctx(), workspace_.row_ids, first, rows));

        ggml_tensor * heads = heads_of_rows(layer, first, rows, setup_.architecture.project(ctx(), layer, x).q);
        x = setup_.architecture.finish(ctx(), setup_.architecture.finish_layer(ctx(), layer, x, heads));
        steps_.add(ggml_cpy(ctx(), x, columns(ctx(), workspace_.pooled_rows, first, rows)));
        end_step(0.5 * setup_.layer_operations(rows));
    }
}

ggml_tensor * BlockPass::heads_of_rows(int layer, int64_t first_row, int64_t rows, ggml_tensor * queries) {
    if (!setup_.plan.logit_factors.empty()) {
        queries = ggml_mul(ctx(), queries, slabs(ctx(), workspace_.row_logit_scale, first_row, rows));
    }
    const auto              positions = [&](ggml_tensor * all) { return slice(ctx(), all, first_row, rows); };
    const SelfExtendQueries rotated   = rotate_queries(layer, queries, positions(workspace_.row_positions), positions(workspace_.row_before_positions),
                                                       positions(workspace_.row_after_positions));

    std::vector<AttentionRun> runs;
    for (int64_t row = 0; row < rows; ++row) {
        const PackedSequence & sequence = setup_.layout.sequences[first_row + row];
        AttentionRun run{row, setup_.plan.row_indices[first_row + row], 1, sequence.first, sequence.length, 1, 1.0f};
        // neighbours of the same length attend in one operation
        const bool joins = !runs.empty() && runs.back().keys == run.keys &&
                           runs.back().first_key + runs.back().count * run.keys == run.first_key;
        if (joins) {
            ++runs.back().count;
        } else {
            runs.push_back(run);
        }
    }
    attend(rotated, runs);
    return columns(ctx(), own_.heads, 0, rows);
}

} // namespace longembed
