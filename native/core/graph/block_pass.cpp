#include "block_pass.h"

#include <algorithm>

#include "tensor_parts.h"

namespace longembed {

double PassSetup::attention_operations(int layer, int64_t queries, int64_t keys) const {
    const AttentionShape & shape = architecture.attention(layer_numbers[layer]);
    const double           seen  = shape.causal ? 0.5 : 1.0;
    const int64_t          near  = std::min(keys, 2 * shape.reach + 1);
    return 4.0 * seen * static_cast<double>(queries) * static_cast<double>(near * shape.heads * shape.head_size);
}

double PassSetup::total_operations() const {
    double attention = 0.0;
    for (int layer = 0; layer < layers; ++layer) {
        for (const PackedSequence & sequence : layout.sequences) {
            attention += attention_operations(layer, sequence.length, sequence.length);
        }
    }
    return attention + layers * layer_operations(layout.tokens);
}

BlockPass::BlockPass(const PassSetup & setup, Stream & stream, int number, Control & control, WorkMeter & meter)
    : setup_(setup), workspace_(setup.workspace), number_(number), heads_(setup.workspace.heads[number]),
      steps_(stream, control, meter) {}

void BlockPass::run_whole(const Block & block, const SequenceRange & sequences) {
    embed_tokens(block);
    for (int layer = 0; layer < setup_.layers; ++layer) {
        run_layer(layer, block, sequences);
    }
    flush();
}

void BlockPass::run_layer(int layer, const Block & block, const SequenceRange & sequences) {
    store_keys_and_values(layer, block);
    if (is_last(layer) && setup_.pools_rows) {
        compute_rows(sequences);
    } else {
        compute(layer, block);
    }
}

ggml_tensor * BlockPass::x_of(const Block & block) const {
    return columns(ctx(), workspace_.x, block.first, block.tokens);
}

ggml_tensor * BlockPass::rotated(int layer, ggml_tensor * x, const RopePositions & to) const {
    const Rope * rope = setup_.architecture.rope(model_layer(layer));
    if (to.whole == nullptr) {
        return nullptr;
    }
    if (rope == nullptr) {
        return x;
    }
    const PackedBatch & batch   = setup_.batch;
    const bool          sliding = slides(layer);
    return rotate(ctx(), *rope, sliding ? batch.sliding_frequencies : batch.frequencies,
                  sliding ? workspace_.sliding_divisors : workspace_.divisors, x, to, batch.rotates_twice);
}

RotatedQueries BlockPass::rotated(int layer, ggml_tensor * queries, const QueryTensors & to) const {
    if (slides(layer)) {
        return {rotated(layer, queries, to.indices)};
    }
    return {rotated(layer, queries, to.positions), rotated(layer, queries, to.before),
            rotated(layer, queries, to.after)};
}

void BlockPass::embed_tokens(const Block & block) {
    AbsolutePositions positions;
    positions.lower = entries(ctx(), workspace_.positions.lower, block.first, block.tokens);
    if (!setup_.batch.positions_upper.empty()) {
        positions.upper    = entries(ctx(), workspace_.positions.upper, block.first, block.tokens);
        positions.fraction = columns(ctx(), workspace_.positions.fraction, block.first, block.tokens);
    }
    ggml_tensor * x =
        setup_.architecture.embed(ctx(), entries(ctx(), workspace_.tokens, block.first, block.tokens), positions);
    steps_.add(ggml_cpy(ctx(), x, x_of(block)));
    steps_.end_step(0.0);
}

void BlockPass::store_keys_and_values(int layer, const Block & block) {
    const Projections made = setup_.architecture.project(ctx(), model_layer(layer), x_of(block));
    const auto        to   = [&](const RopePositions & positions) {
        return entries(ctx(), positions, block.first, block.tokens);
    };

    RotatedKeys keys;
    keys.near = rotated(layer, made.k, to(slides(layer) ? workspace_.queries.indices : workspace_.queries.positions));
    if (!slides(layer)) {
        keys.far       = rotated(layer, made.k, to(workspace_.far_key_positions));
        keys.far_after = rotated(layer, made.k, to(workspace_.far_key_positions_after));
    }
    workspace_.attention().store(steps_, keys, made.v, block.first);
    steps_.end_step(0.5 * setup_.layer_operations(block.tokens));
}

void BlockPass::compute(int layer, const Block & block) {
    ggml_tensor * x =
        setup_.architecture.finish_layer(ctx(), model_layer(layer), x_of(block), attend_block(layer, block));
    if (is_last(layer)) {
        x = setup_.architecture.finish(ctx(), x);
    }
    const bool in_place = x->view_src == workspace_.x && x->view_offs == block.first * workspace_.x->nb[1];
    steps_.add(in_place ? x : ggml_cpy(ctx(), x, x_of(block)));

    double operations = 0.5 * setup_.layer_operations(block.tokens);
    for (const Segment & segment : block.segments) {
        operations += setup_.attention_operations(layer, segment.queries * segment.count, segment.keys);
    }
    steps_.end_step(operations);
}

ggml_tensor * BlockPass::attend_block(int layer, const Block & block) {
    ggml_tensor *      queries = setup_.architecture.project(ctx(), model_layer(layer), x_of(block)).q;
    const QueryTensors to      = workspace_.queries.slice(ctx(), block.first, block.tokens);

    // a factor that changes from query to query goes into the queries; one for a whole sequence into the operation
    const auto shared_factor = [&](const Segment & segment) {
        return slides(layer) ? std::optional<float>(1.0f)
                             : setup_.batch.shared_factor(segment.first_query, segment.queries * segment.count);
    };
    const bool in_queries = !std::all_of(block.segments.begin(), block.segments.end(), shared_factor);
    if (in_queries) {
        queries = ggml_mul(ctx(), queries, to.logit_scale);
    }

    std::vector<AttentionRun> runs;
    for (const Segment & segment : block.segments) {
        runs.push_back({segment.first_query - block.first, segment.first_query - segment.first_key, segment.queries,
                        segment.first_key, segment.keys, segment.count, in_queries ? 1.0f : *shared_factor(segment)});
    }
    return columns(ctx(), attend(layer, rotated(layer, queries, to), runs), 0, block.tokens);
}

void BlockPass::compute_rows(const SequenceRange & sequences) {
    const int layer = setup_.layers - 1;
    // one row is a view; to pick several, the device must read all of x at once
    const bool    picks = ggml_nbytes(workspace_.x) <= setup_.max_operand_bytes;
    const int64_t max   = picks ? std::min(heads_->ne[1], workspace_.attention().max_rows_per_step()) : 1;
    const int64_t end   = sequences.first + sequences.count;

    for (int64_t first = sequences.first; first < end; first += max) {
        const int64_t rows = std::min(max, end - first);
        ggml_tensor * x = rows == 1
                              ? columns(ctx(), workspace_.x, setup_.batch.row_ids[first], 1)
                              : ggml_get_rows(ctx(), workspace_.x, entries(ctx(), workspace_.rows->ids, first, rows));

        x = setup_.architecture.finish_layer(ctx(), model_layer(layer), x, attend_rows(layer, x, first));
        x = setup_.architecture.finish(ctx(), x);
        if (const Head * head = setup_.architecture.head()) {
            x = head->apply(ctx(), x);
        }
        steps_.add(ggml_cpy(ctx(), x, columns(ctx(), workspace_.rows->vectors, first, rows)));
        steps_.end_step(0.5 * setup_.layer_operations(rows));
    }
}

void BlockPass::compute_head(int64_t count) {
    ggml_tensor * vectors = setup_.architecture.head()->apply(ctx(), columns(ctx(), workspace_.pooled, 0, count));
    steps_.add(ggml_cpy(ctx(), vectors, columns(ctx(), workspace_.vectors, 0, count)));
    steps_.end_step(0.0);
}

ggml_tensor * BlockPass::attend_rows(int layer, ggml_tensor * x, int64_t first_row) {
    const int64_t      rows    = x->ne[1];
    ggml_tensor *      queries = setup_.architecture.project(ctx(), model_layer(layer), x).q;
    const QueryTensors to      = workspace_.rows->queries.copy(ctx(), first_row, rows);
    if (!setup_.batch.logit_factors.empty() && !slides(layer)) {
        queries = ggml_mul(ctx(), queries, to.logit_scale);
    }

    std::vector<AttentionRun> runs;
    for (int64_t row = 0; row < rows; ++row) {
        const PackedSequence & sequence = setup_.layout.sequences[first_row + row];
        const int64_t          index    = setup_.batch.row_indices[first_row + row];
        const AttentionRun     run{row, index, 1, sequence.first, sequence.length, 1, 1.0f};
        // neighbours of the same length attend in one operation
        const bool joins = !runs.empty() && runs.back().keys == run.keys &&
                           runs.back().first_key + runs.back().count * run.keys == run.first_key;
        if (joins) {
            ++runs.back().count;
        } else {
            runs.push_back(run);
        }
    }
    return columns(ctx(), attend(layer, rotated(layer, queries, to), runs), 0, rows);
}

ggml_tensor * BlockPass::attend(int layer, const RotatedQueries & queries, const std::vector<AttentionRun> & runs) {
    const Attention &      attention = workspace_.attention();
    const AttentionShape & shape     = setup_.architecture.attention(model_layer(layer));
    if (runs.size() == 1) {
        if (ggml_tensor * made = attention.attend_at_once(steps_, shape, queries, runs[0])) {
            return made;
        }
    }
    attention.attend(steps_, number_, shape, queries, runs, heads_);
    return heads_;
}

} // namespace longembed
