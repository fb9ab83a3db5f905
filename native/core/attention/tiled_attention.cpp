#include "tiled_attention.h"

#include <algorithm>

#include "graph/step_graph.h"

namespace longembed {

namespace {

const float * floats(const ggml_tensor * tensor) {
    return tensor == nullptr ? nullptr : static_cast<const float *>(tensor->data);
}

/// A key goes into a column of its tile, whose items lie tile_keys apart.
void pack_key(const float * key, int64_t size, int64_t token, void * head) {
    float * tile = static_cast<float *>(head) + token / tile_keys * tile_keys * size + token % tile_keys;
    for (int64_t i = 0; i < size; ++i) {
        tile[i * tile_keys] = key[i];
    }
}

void pack_key_pairs(const float * key, int64_t size, int64_t token, void * head) {
    ggml_bf16_t * tile = static_cast<ggml_bf16_t *>(head) + 2 * (token / tile_keys * tile_keys * ((size + 1) / 2) + token % tile_keys);
    for (int64_t i = 0; i < size; ++i) {
        tile[i / 2 * tile_keys * 2 + i % 2] = ggml_fp32_to_bf16(key[i]);
    }
}

void pack_value(const float * value, int64_t size, int64_t token, void * head) {
    std::copy_n(value, size, static_cast<float *>(head) + token * size);
}

/// Values of two neighbouring tokens share their items.
void pack_value_pairs(const float * value, int64_t size, int64_t token, void * head) {
    ggml_bf16_t * pairs = static_cast<ggml_bf16_t *>(head) + token / 2 * size * 2 + token % 2;
    for (int64_t i = 0; i < size; ++i) {
        pairs[i * 2] = ggml_fp32_to_bf16(value[i]);
    }
}

} // namespace

void CpuAttention::keep_keys(StepGraph & steps, ggml_tensor * keys, ggml_tensor * tiles, int64_t first) {
    keep(steps, keys, tiles, first, pack_keys);
}

void CpuAttention::keep_values(StepGraph & steps, ggml_tensor * values, int64_t first) {
    keep(steps, values, workspace_.values, first, pack_values);
}

void CpuAttention::keep(StepGraph & steps, ggml_tensor * rows, ggml_tensor * packed, int64_t first, ggml_custom_op_t pack) {
    packs_.push_back({this, first});
    ggml_tensor * sources[] = {rows};
    steps.add(ggml_custom_inplace(steps.ctx(), packed, sources, 1, pack, GGML_N_TASKS_MAX, &packs_.back()));
}

void CpuAttention::pack_keys(ggml_tensor * tiles, int part, int parts, void * data) {
    const auto & one = *static_cast<const Pack *>(data);
    pack(tiles, part, parts, one, one.owner->kernels_.pack_factor == 1 ? pack_key : pack_key_pairs);
}

void CpuAttention::pack_values(ggml_tensor * values, int part, int parts, void * data) {
    const auto & one = *static_cast<const Pack *>(data);
    pack(values, part, parts, one, one.owner->kernels_.pack_factor == 1 ? pack_value : pack_value_pairs);
}

void CpuAttention::pack(ggml_tensor * packed, int part, int parts, const Pack & pack, PackOne pack_one) {
    const ggml_tensor * rows     = packed->src[1];
    const size_t        per_head = ggml_nbytes(packed) / rows->ne[1];
    for (int64_t head = part; head < rows->ne[1]; head += parts) {
        for (int64_t t = 0; t < rows->ne[2]; ++t) {
            const auto * numbers = reinterpret_cast<const float *>(static_cast<const char *>(rows->data) + head * rows->nb[1] + t * rows->nb[2]);
            pack_one(numbers, rows->ne[0], pack.first + t, static_cast<char *>(packed->data) + head * per_head);
        }
    }
}

void CpuAttention::gather(StepGraph & steps, const SelfExtendQueries & queries, std::vector<AttentionRun> runs, ggml_tensor * heads) {
    gathers_.push_back({this, &steps.control(), std::move(runs)});
    ggml_tensor * sources[] = {queries.near, queries.before, queries.after};
    const int     count     = queries.after != nullptr ? 3 : queries.before != nullptr ? 2 : 1;
    steps.add(ggml_custom_inplace(steps.ctx(), heads, sources, count, attend, GGML_N_TASKS_MAX, &gathers_.back()));
}

AttentionTile CpuAttention::tile_of(const AttentionRun & run, const ggml_tensor * heads) const {
    const ggml_tensor * near = heads->src[1];
    AttentionTile tile{};
    tile.near_queries   = floats(near);
    tile.before_queries = floats(heads->src[2]);
    tile.after_queries  = floats(heads->src[3]);
    tile.query_stride   = near->nb[2] / sizeof(float);
    tile.near_keys      = floats(workspace_.key_tiles);
    tile.far_keys       = floats(workspace_.far_key_tiles);
    tile.values         = floats(workspace_.values);
    tile.keys           = run.keys;
    tile.head_size      = shape_.head_size;
    tile.window         = workspace_.size().self_extend_window;
    tile.causal         = shape_.causal;
    tile.scale          = shape_.scale * run.logit_factor;
    tile.out            = static_cast<float *>(heads->data);
    tile.out_stride     = heads->nb[1] / sizeof(float);
    return tile;
}

void CpuAttention::attend(ggml_tensor * heads, int part, int parts, void * data) {
    const auto &           gather       = *static_cast<const Gather *>(data);
    const CpuAttention &   self         = *gather.owner;
    const AttentionShape & shape        = self.shape_;
    const int64_t          keys_a_head  = self.workspace_.key_tiles->ne[1] * self.workspace_.key_tiles->ne[2] * tile_keys;
    const int64_t          values_a_head = self.workspace_.values->nb[2] / sizeof(float);
    float *                scratch      = scratch_floats(attention_scratch(shape.head_size));
    int64_t                piece        = 0;

    for (const AttentionRun & run : gather.runs) {
        const AttentionTile whole = self.tile_of(run, heads);
        // a head's keys and values are read for one tile of queries after the other while they are in the cache
        for (int64_t head = 0; head < shape.heads; ++head) {
            const int64_t kv_head = head / (shape.heads / shape.kv_heads);
            for (int64_t sequence = 0; sequence < run.count; ++sequence) {
                for (int64_t from = 0; from < run.queries; from += tile_queries) {
                    if (piece++ % parts != part) {
                        continue;
                    }
                    if (gather.control->cancelled.load(std::memory_order_relaxed)) {
                        return; // an operation over a long text takes seconds; what it leaves undone nobody will read
                    }
                    const int64_t column = run.column + sequence * run.queries + from;
                    const int64_t start  = column * whole.query_stride + head * shape.head_size;
                    AttentionTile tile   = whole;
                    tile.near_queries += start;
                    tile.before_queries = tile.before_queries == nullptr ? nullptr : tile.before_queries + start;
                    tile.after_queries  = tile.after_queries == nullptr ? nullptr : tile.after_queries + start;
                    tile.queries        = std::min(tile_queries, run.queries - from);
                    tile.first_index    = run.first_index + from;
                    tile.near_keys += kv_head * keys_a_head;
                    tile.far_keys  = tile.far_keys == nullptr ? nullptr : tile.far_keys + kv_head * keys_a_head;
                    tile.values += kv_head * values_a_head;
                    tile.first_key = run.first_key + sequence * run.keys;
                    tile.out += column * tile.out_stride + head * shape.head_size;
                    self.kernels_.attention(tile, scratch);
                }
            }
        }
    }
}

} // namespace longembed
