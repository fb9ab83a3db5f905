#include "workspace.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "attention/flash_attention.h"
#include "error.h"
#include "kernels/attention.h"
#include "attention/self_extend_attention.h"

namespace longembed {

namespace {

template <typename T> void upload_to(ggml_tensor * tensor, const std::vector<T> & values) {
    if (tensor != nullptr && !values.empty()) {
        ggml_backend_tensor_set(tensor, values.data(), 0, values.size() * sizeof(T));
    }
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

bool WorkspaceSize::is_of_a_kind_with(const WorkspaceSize & other) const {
    return dimensions == other.dimensions && own_kernel == other.own_kernel && numbers_per_item == other.numbers_per_item && keep_queries == other.keep_queries && self_extend_window == other.self_extend_window &&
           self_extend_score_bytes == other.self_extend_score_bytes && flash_head_size == other.flash_head_size;
}

bool WorkspaceSize::fits_in(const WorkspaceSize & other) const {
    return is_of_a_kind_with(other) && tokens <= other.tokens && longest <= other.longest && rows <= other.rows && block <= other.block && lanes <= other.lanes &&
           between_rows <= other.between_rows;
}

WorkspaceSize WorkspaceSize::grown_to(const WorkspaceSize & other) const {
    WorkspaceSize size = *this;
    if (is_of_a_kind_with(other)) {
        size.tokens       = std::max(tokens, other.tokens);
        size.longest      = std::max(longest, other.longest);
        size.rows         = std::max(rows, other.rows);
        size.block        = std::max(block, other.block);
        size.lanes        = std::max(lanes, other.lanes);
        size.between_rows = between_rows || other.between_rows;
    }
    return size;
}

Workspace::Workspace(const WorkspaceSize & size, const AttentionShape & shape, ggml_type kv_type, ggml_backend_buffer_type_t where,
                     Room room)
    : size_(size) {
    const size_t most_tensors = 32 + 2 * size.lanes;
    ctx_.reset(ggml_init({most_tensors * ggml_tensor_overhead(), nullptr, true}));
    ggml_context * ctx = ctx_.get();

    const int64_t n = size.tokens;
    x         = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, size.dimensions, n);
    for (int64_t lane = 0; lane < size.lanes; ++lane) {
        lanes.push_back({ggml_new_tensor_2d(ctx, GGML_TYPE_F32, shape.head_size * shape.heads, size.block), nullptr});
    }
    tokens    = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
    positions = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
    logit_scale = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, 1, 1, n);
    const bool    flash    = !size.own_kernel && size.self_extend_window == 0;
    const int64_t kv_size  = flash ? size.flash_head_size : shape.head_size;
    const int64_t kv_count = flash && shape.causal ? n + Attention::key_padding : n;
    if (size.own_kernel) {
        const int64_t tiles = (n + tile_keys - 1) / tile_keys;
        const int64_t per   = size.numbers_per_item;
        key_tiles = ggml_new_tensor_4d(ctx, GGML_TYPE_F32, tile_keys, (shape.head_size + per - 1) / per, tiles, shape.kv_heads);
        values    = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, shape.head_size, tiles * tile_keys / per, shape.kv_heads);
    } else {
        keys = ggml_new_tensor_3d(ctx, kv_type, kv_size, kv_count, shape.kv_heads);
    }
    if (size.self_extend_window == 0 && !size.own_kernel) {
        values = ggml_new_tensor_3d(ctx, kv_type, kv_size, kv_count, shape.kv_heads);
    }
    if (size.self_extend_window > 0) {
        add_self_extend(ctx, shape, kv_type);
    }
    if (size.keep_queries) {
        queries = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, shape.head_size, shape.heads, n);
    }
    if (size.between_rows) {
        positions_upper    = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
        positions_fraction = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, 1, n);
    }
    if (shape.causal && flash) {
        staircase = ggml_new_tensor_2d(ctx, GGML_TYPE_F16, size.longest + Attention::key_padding, size.block);
    }
    if (size.rows > 0) {
        row_ids         = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, size.rows);
        row_positions   = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, size.rows);
        row_logit_scale = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, 1, 1, size.rows);
        pooled_rows     = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, size.dimensions, size.rows);
    }

    // ggml gives a name to whatever it puts into a graph without one, and lanes do so side by side
    for (ggml_tensor * tensor = ggml_get_first_tensor(ctx); tensor != nullptr; tensor = ggml_get_next_tensor(ctx, tensor)) {
        ggml_set_name(tensor, "kept");
    }
    if (room == Room::planned) {
        plan(where);
    } else {
        allocate(where, shape.causal);
    }
}

void Workspace::plan(ggml_backend_buffer_type_t where) {
    bytes_ = ggml_backend_alloc_ctx_tensors_from_buft_size(ctx_.get(), where);
    // an empty buffer, which tells the scheduler where the tensors would be
    buffer_.reset(ggml_backend_buft_alloc_buffer(where, 0));
    for (ggml_tensor * tensor = ggml_get_first_tensor(ctx_.get()); tensor != nullptr; tensor = ggml_get_next_tensor(ctx_.get(), tensor)) {
        tensor->buffer = buffer_.get();
    }
}

void Workspace::allocate(ggml_backend_buffer_type_t where, bool causal) {
    buffer_.reset(ggml_backend_alloc_ctx_tensors_from_buft(ctx_.get(), where));
    if (!buffer_) {
        throw Error(ErrorCode::out_of_memory, "There is not enough memory to hold the activations of " + std::to_string(size_.tokens) +
                                                  " tokens. Shorter inputs, a smaller target or smaller batches need less.");
    }
    bytes_ = ggml_backend_buffer_get_size(buffer_.get());
    // gaps between sequences and after the last are read, with weight 0, and must hold numbers; padding of heads stays zero
    ggml_backend_buffer_clear(buffer_.get(), 0);
    if (staircase != nullptr) {
        fill_staircase();
    }
    if (zone_near != nullptr) {
        fill_zone_masks(causal);
    }
}

void Workspace::add_self_extend(ggml_context * ctx, const AttentionShape & shape, ggml_type kv_type) {
    const int64_t n = size_.tokens;
    far_key_positions = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
    before_positions  = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
    after_positions   = shape.causal ? nullptr : ggml_new_tensor_1d(ctx, GGML_TYPE_I32, n);
    if (size_.rows > 0) {
        row_before_positions = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, size_.rows);
        row_after_positions  = shape.causal ? nullptr : ggml_new_tensor_1d(ctx, GGML_TYPE_I32, size_.rows);
    }
    if (size_.own_kernel) {
        far_key_tiles = ggml_dup_tensor(ctx, key_tiles);
        return;
    }
    const int64_t width   = SelfExtend::zone_width(size_.self_extend_window, shape.causal);
    const int64_t queries = SelfExtend::queries_per_step;
    far_keys              = ggml_new_tensor_3d(ctx, kv_type, shape.head_size, n, shape.kv_heads);
    values_by_dimension   = ggml_new_tensor_3d(ctx, kv_type, n, shape.head_size, shape.kv_heads);
    zone_near             = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, width, queries);
    zone_before           = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, width, queries);
    if (shape.causal) {
        zone_hidden = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, width, queries);
    } else {
        zone_after      = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, width, queries);
        hidden_keys     = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, SelfExtend::alignment, queries, shape.heads);
        for (LaneTensors & lane : lanes) {
            lane.scores = ggml_new_tensor_1d(ctx, GGML_TYPE_F32, SelfExtend::score_elements(shape, size_.longest, size_.self_extend_score_bytes));
        }
    }
}

void Workspace::upload(const PackedPlan & plan) {
    upload_to(tokens, plan.tokens);
    upload_to(positions, plan.positions);
    upload_to(positions_upper, plan.positions_upper);
    upload_to(positions_fraction, plan.positions_fraction);
    upload_to(logit_scale, plan.logit_factors);
    upload_to(row_ids, plan.row_ids);
    upload_to(row_positions, taken_at(plan.positions, plan.row_ids));
    upload_to(row_logit_scale, taken_at(plan.logit_factors, plan.row_ids));
    if (plan.self_extend) {
        upload_to(far_key_positions, plan.self_extend->keys);
        upload_to(before_positions, plan.self_extend->queries_before);
        upload_to(after_positions, plan.self_extend->queries_after);
        upload_to(row_before_positions, taken_at(plan.self_extend->queries_before, plan.row_ids));
        upload_to(row_after_positions, taken_at(plan.self_extend->queries_after, plan.row_ids));
    }
}

void Workspace::fill_staircase() {
    const ggml_fp16_t open   = ggml_fp32_to_fp16(0.0f);
    const ggml_fp16_t hidden = ggml_fp32_to_fp16(-INFINITY);

    std::vector<ggml_fp16_t> row(staircase->ne[0]);
    for (int64_t r = 0; r < size_.block; ++r) {
        const int64_t last_open = r + size_.longest - size_.block;
        for (int64_t column = 0; column < staircase->ne[0]; ++column) {
            row[column] = column <= last_open ? open : hidden;
        }
        ggml_backend_tensor_set(staircase, row.data(), r * staircase->nb[1], row.size() * sizeof(ggml_fp16_t));
    }
}

void Workspace::fill_zone_masks(bool causal) {
    const int64_t width  = zone_near->ne[0];
    const int64_t window = size_.self_extend_window;
    const auto    fill   = [width](ggml_tensor * mask, auto value_at) {
        if (mask == nullptr) {
            return;
        }
        std::vector<float> row(width);
        for (int64_t query = 0; query < mask->ne[1]; ++query) {
            for (int64_t column = 0; column < width; ++column) {
                row[column] = value_at(column - query);
            }
            ggml_backend_tensor_set(mask, row.data(), query * mask->nb[1], row.size() * sizeof(float));
        }
    };
    // column − query = (key index − query index) + window − 1 + alignment
    const auto distance = [window](int64_t difference) { return difference - (window - 1) - SelfExtend::alignment; };
    fill(zone_near, [&](int64_t d) {
        const int64_t after = distance(d);
        return std::abs(after) < window && !(causal && after > 0) ? 1.0f : 0.0f;
    });
    fill(zone_before, [&](int64_t d) { return distance(d) <= -window ? 1.0f : 0.0f; });
    fill(zone_after, [&](int64_t d) { return distance(d) >= window ? 1.0f : 0.0f; });
    fill(zone_hidden, [&](int64_t d) { return distance(d) > 0 ? -INFINITY : 0.0f; });
    if (hidden_keys != nullptr) {
        const std::vector<float> hidden(ggml_nelements(hidden_keys), -INFINITY);
        ggml_backend_tensor_set(hidden_keys, hidden.data(), 0, ggml_nbytes(hidden_keys));
    }
}

} // namespace longembed
