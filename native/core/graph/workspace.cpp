#include "workspace.h"

#include <algorithm>

#include "devices/memory.h"
#include "error.h"
#include "tensor_parts.h"
#include "units.h"

namespace longembed {

namespace {

/// Nothing to nothing: what a batch has no values for is not read.
template <typename T> void upload_to(ggml_tensor * tensor, const std::vector<T> & values) {
    if (tensor != nullptr && !values.empty()) {
        ggml_backend_tensor_set(tensor, values.data(), 0, values.size() * sizeof(T));
    }
}

void upload_to(const RopePositions & tensors, const std::vector<int32_t> & positions) {
    upload_to(tensors.whole, positions);
    if (tensors.fine != nullptr) {
        const RopePositions::Split split(positions);
        upload_to(tensors.fine, split.fine);
        upload_to(tensors.coarse, split.coarse);
    }
}

void upload_to(const RopeDivisors & divisors, const RopeFrequencies & frequencies) {
    upload_to(divisors.fine, frequencies.divisors());
    upload_to(divisors.coarse, frequencies.coarse_divisors());
}

RopeDivisors new_divisors(ggml_context * ctx, const Rope * rope) {
    if (rope == nullptr) {
        return {};
    }
    const auto made = [&] { return ggml_new_tensor_1d(ctx, GGML_TYPE_F32, rope->dimensions / 2); };
    return {made(), made()};
}

template <typename T> std::vector<T> taken_at(const std::vector<T> & values, const std::vector<int32_t> & ids) {
    std::vector<T> taken;
    if (!values.empty()) {
        for (int32_t id : ids) {
            taken.push_back(values[id]);
        }
    }
    return taken;
}

} // namespace

QueryTensors QueryTensors::slice(ggml_context * ctx, int64_t first, int64_t count) const {
    return {entries(ctx, positions, first, count), entries(ctx, indices, first, count),
            entries(ctx, before, first, count), entries(ctx, after, first, count),
            slabs(ctx, logit_scale, first, count)};
}

QueryTensors QueryTensors::copy(ggml_context * ctx, int64_t first, int64_t count) const {
    const auto tensor = [&](ggml_tensor * part) { return part == nullptr ? nullptr : ggml_cont(ctx, part); };
    const auto copied = [&](const RopePositions & part) {
        return RopePositions{tensor(part.whole), tensor(part.fine), tensor(part.coarse)};
    };
    const QueryTensors some = slice(ctx, first, count);
    return {copied(some.positions), copied(some.indices), copied(some.before), copied(some.after), some.logit_scale};
}

Workspace::Workspace(const WorkspaceSize & size, const Architecture & architecture, int64_t dimensions,
                     const AttentionDevice & device, ggml_backend_buffer_type_t where, Memory memory)
    : size_(size), ggml_rotates_(architecture.rope(0) != nullptr && device.kernels.gemm == nullptr) {
    const size_t max_tensors = 64 + 2 * size.streams;
    ctx_.reset(ggml_init({max_tensors * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
    ggml_context *         ctx   = ctx_.get();
    const AttentionShape & shape = architecture.attention(0);
    const int64_t          n     = size.tokens;

    x = ggml_set_name(ggml_new_tensor_2d(ctx, GGML_TYPE_F32, dimensions, n), "the layer's input");
    for (int64_t stream = 0; stream < size.streams; ++stream) {
        heads.push_back(ggml_new_tensor_2d(ctx, GGML_TYPE_F32, shape.head_size * shape.heads, size.block));
    }
    attention_ = make_attention(ctx, device, architecture, size);

    tokens          = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
    queries         = new_queries(n, architecture);
    positions.lower = queries.positions.whole;
    if (size.between_rows) {
        positions.upper    = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
        positions.fraction = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, 1, n);
    }
    if (size.self_extend_window > 0) {
        far_key_positions = new_positions(n);
        if (attention_->reads_far_after()) {
            far_key_positions_after = new_positions(n);
        }
    }
    if (ggml_rotates_) {
        divisors         = new_divisors(ctx, architecture.rope_where(false));
        sliding_divisors = new_divisors(ctx, architecture.rope_where(true));
    }
    const Head *  head = architecture.head();
    const int64_t out  = head == nullptr ? dimensions : head->dimensions();
    if (size.rows > 0) {
        rows = PooledRows{ggml_new_tensor_1d(ctx, GGML_TYPE_I32, size.rows), new_queries(size.rows, architecture),
                          ggml_new_tensor_2d(ctx, GGML_TYPE_F32, out, size.rows)};
    }
    if (head != nullptr) {
        pooled  = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, dimensions, max_pooled);
        vectors = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, out, max_pooled);
    }

    // ggml gives a name to every tensor in a graph that has none, and streams would do so side by side
    for (ggml_tensor * tensor = ggml_get_first_tensor(ctx); tensor != nullptr;
         tensor               = ggml_get_next_tensor(ctx, tensor)) {
        if (tensor->name[0] == '\0') {
            ggml_set_name(tensor, "kept");
        }
    }
    check_fits_in_buffers(where, device.max_operand_bytes);
    if (memory == Memory::dry_run) {
        dry_run(where);
    } else {
        allocate(where);
    }
}

QueryTensors Workspace::new_queries(int64_t n, const Architecture & architecture) const {
    const bool   self_extend = size_.self_extend_window > 0;
    const bool   causal      = architecture.attention(0).causal;
    const auto   where       = [&](bool used) { return used ? new_positions(n) : RopePositions{}; };
    QueryTensors queries;
    queries.positions   = where(true);
    queries.indices     = where(architecture.sliding_reach() > 0);
    queries.before      = where(self_extend);
    queries.after       = where(self_extend && !causal);
    queries.logit_scale = ggml_new_tensor_3d(ctx_.get(), GGML_TYPE_F32, 1, 1, n);
    return queries;
}

RopePositions Workspace::new_positions(int64_t n) const {
    const auto made = [&] { return ggml_new_tensor_1d(ctx_.get(), GGML_TYPE_I32, n); };
    return ggml_rotates_ ? RopePositions{made(), made(), made()} : RopePositions{made()};
}

/// ggml spreads tensors over as many buffers as they need, but each must fit in one, and its scheduler wants the device
/// to be able to read all of it at once.
void Workspace::check_fits_in_buffers(ggml_backend_buffer_type_t where, size_t max_operand_bytes) const {
    const size_t max = std::min(ggml_backend_buft_get_max_size(where), max_operand_bytes);
    for (ggml_tensor * tensor = ggml_get_first_tensor(ctx_.get()); tensor != nullptr;
         tensor               = ggml_get_next_tensor(ctx_.get(), tensor)) {
        if (ggml_nbytes(tensor) > max) {
            throw Error(ErrorCode::out_of_memory, std::string("One buffer of ") + ggml_backend_buft_name(where) +
                                                      " holds at most " + bytes_text(max) + ", and " + tensor->name +
                                                      " of " + std::to_string(size_.tokens) + " tokens takes " +
                                                      bytes_text(ggml_nbytes(tensor)) +
                                                      ". Shorter inputs, or smaller batches, or the CPU (backend cpu), "
                                                      "can do it.");
        }
    }
}

void Workspace::dry_run(ggml_backend_buffer_type_t where) {
    bytes_ = ggml_backend_alloc_ctx_tensors_from_buft_size(ctx_.get(), where);
    // an empty buffer, which tells the scheduler where the tensors would be
    buffer_.reset(ggml_backend_buft_alloc_buffer(where, 0));
    for (ggml_tensor * tensor = ggml_get_first_tensor(ctx_.get()); tensor != nullptr;
         tensor               = ggml_get_next_tensor(ctx_.get(), tensor)) {
        tensor->buffer = buffer_.get();
    }
}

void Workspace::allocate(ggml_backend_buffer_type_t where) {
    buffer_.reset(ggml_backend_alloc_ctx_tensors_from_buft(ctx_.get(), where));
    if (!buffer_) {
        throw Error(ErrorCode::out_of_memory,
                    "There is not enough memory to hold the activations of " + std::to_string(size_.tokens) +
                        " tokens. Shorter inputs, a smaller target or smaller batches need less.");
    }
    bytes_ = ggml_backend_buffer_get_size(buffer_.get());
    // gaps between sequences and after the last are read, with weight 0, and must hold numbers; padding of heads stays
    // zero
    ggml_backend_buffer_clear(buffer_.get(), 0);
    attention_->fill_masks();
}

void Workspace::upload(const PackedBatch & batch) {
    upload_to(tokens, batch.tokens);
    upload_to(queries.positions, batch.positions);
    upload_to(queries.indices, batch.indices);
    upload_to(positions.upper, batch.positions_upper);
    upload_to(positions.fraction, batch.positions_fraction);
    upload_to(queries.logit_scale, batch.logit_factors);
    upload_to(divisors, batch.frequencies);
    upload_to(sliding_divisors, batch.sliding_frequencies);
    if (batch.self_extend) {
        upload_to(far_key_positions, batch.self_extend->keys);
        upload_to(far_key_positions_after, batch.self_extend->keys_after);
        upload_to(queries.before, batch.self_extend->queries_before);
        upload_to(queries.after, batch.self_extend->queries_after);
    }
    if (!rows) {
        return;
    }
    upload_to(rows->ids, batch.row_ids);
    upload_to(rows->queries.positions, taken_at(batch.positions, batch.row_ids));
    upload_to(rows->queries.indices, taken_at(batch.indices, batch.row_ids));
    upload_to(rows->queries.logit_scale, taken_at(batch.logit_factors, batch.row_ids));
    if (batch.self_extend) {
        upload_to(rows->queries.before, taken_at(batch.self_extend->queries_before, batch.row_ids));
        upload_to(rows->queries.after, taken_at(batch.self_extend->queries_after, batch.row_ids));
    }
}

} // namespace longembed
