#include "tiled_attention.h"

#include <algorithm>

#include "graph/step_graph.h"
#include "ops/tensor_floats.h"
#include "right_of_way.h"

namespace longembed {

namespace {

/// Null of null.
const float * moved(const float * numbers, int64_t count) {
    return numbers == nullptr ? nullptr : numbers + count;
}

void pack_key(const float * key, int64_t size, int64_t slot, void * head) {
    float * first = static_cast<float *>(head) + key_place(slot, 0, size);
    for (int64_t i = 0; i < size; ++i) {
        first[i * panel_words] = key[i];
    }
}

void pack_key_pairs(const float * key, int64_t size, int64_t slot, void * head) {
    auto * first = static_cast<ggml_bf16_t *>(head) + 2 * key_place(slot, 0, (size + 1) / 2);
    for (int64_t i = 0; i < size; ++i) {
        first[i / 2 * panel_words * 2 + i % 2] = ggml_fp32_to_bf16(key[i]);
    }
}

void pack_value(const float * value, int64_t size, int64_t slot, void * head) {
    for (int64_t i = 0; i < size; i += panel_words) {
        std::copy_n(value + i, std::min(panel_words, size - i),
                    static_cast<float *>(head) + value_place(slot, i, size, tile_keys));
    }
}

/// Values of two neighbouring tokens share their items.
void pack_value_pairs(const float * value, int64_t size, int64_t slot, void * head) {
    for (int64_t i = 0; i < size; ++i) {
        const int64_t place                                    = value_place(slot / 2, i, size, tile_keys / 2);
        static_cast<ggml_bf16_t *>(head)[place * 2 + slot % 2] = ggml_fp32_to_bf16(value[i]);
    }
}

/// A head's biases with their ends repeated.
std::vector<float> padded(const DistanceBias & bias, int64_t head) {
    std::vector<float> row;
    const int64_t      reach = bias.max_distance + bias_padding;
    for (int64_t distance = -reach; distance <= reach; ++distance) {
        row.push_back(bias.at(head, distance));
    }
    return row;
}

} // namespace

TiledAttention::TiledAttention(ggml_context * ctx, const CpuKernels & kernels, const AttentionShape & shape,
                               const WorkspaceSize & size)
    : kernels_(kernels), window_(size.self_extend_window),
      is_split_(kernels.split_attention.kernel != nullptr && window_ == 0 &&
                (shape.bias == nullptr || shape.bias->table.empty())) {
    const int64_t tiles = (size.key_slots + tile_keys - 1) / tile_keys;
    if (is_split_) {
        const SplitAttention & split = kernels.split_attention;
        near_keys_ = ggml_new_tensor_4d(ctx, GGML_TYPE_F32, tile_keys, split.key_floats(shape.head_size) / tile_keys,
                                        tiles, shape.kv_heads);
        far_keys_  = nullptr;
        values_    = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, split.value_floats(shape.head_size) / tile_keys,
                                        tiles * tile_keys, shape.kv_heads);
        return;
    }
    const int64_t per = kernels.pack_factor;
    near_keys_ =
        ggml_new_tensor_4d(ctx, GGML_TYPE_F32, tile_keys, (shape.head_size + per - 1) / per, tiles, shape.kv_heads);
    far_keys_ = window_ > 0 ? ggml_dup_tensor(ctx, near_keys_) : nullptr;
    values_   = ggml_new_tensor_3d(ctx, GGML_TYPE_F32, shape.head_size, tiles * tile_keys / per, shape.kv_heads);
    if (shape.bias != nullptr && !shape.bias->table.empty()) {
        for (int64_t head = 0; head < shape.heads; ++head) {
            biases_.push_back(padded(*shape.bias, head));
        }
    }
}

void TiledAttention::store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const {
    const bool           pairs = kernels_.pack_factor > 1;
    std::vector<SlotRun> runs  = slots_.runs(first, values->ne[2]);
    for (SlotRun & run : runs) {
        run.first -= first;
    }
    if (is_split_) {
        pack(steps, keys.near, near_keys_, {kernels_.split_attention.pack_key, runs});
        pack(steps, values, values_, {kernels_.split_attention.pack_value, runs});
        return;
    }
    pack(steps, keys.near, near_keys_, {pairs ? pack_key_pairs : pack_key, runs});
    if (keys.far != nullptr) {
        pack(steps, keys.far, far_keys_, {pairs ? pack_key_pairs : pack_key, runs});
    }
    pack(steps, values, values_, {pairs ? pack_value_pairs : pack_value, runs});
}

void TiledAttention::pack(StepGraph & steps, ggml_tensor * rows, ggml_tensor * packed, const Packing & packing) {
    ggml_tensor * sources[] = {rows};
    steps.add(ggml_custom_inplace(steps.ctx(), packed, sources, 1, run_packing, GGML_N_TASKS_MAX, steps.keep(packing)));
}

void TiledAttention::run_packing(ggml_tensor * packed, int part, int parts, void * data) {
    const auto &        packing  = *static_cast<const Packing *>(data);
    const ggml_tensor * rows     = packed->src[1];
    const size_t        per_head = ggml_nbytes(packed) / rows->ne[1];
    int64_t             piece    = 0; // some tokens of a head: there may be fewer heads than threads
    for (int64_t head = 0; head < rows->ne[1]; ++head) {
        const char * row = static_cast<const char *>(rows->data) + head * rows->nb[1];
        char *       to  = static_cast<char *>(packed->data) + head * per_head;
        for (const SlotRun & run : packing.runs) {
            for (int64_t first = 0; first < run.count; first += tile_keys) {
                if (piece++ % parts != part) {
                    continue;
                }
                for (int64_t t = first; t < std::min(first + tile_keys, run.count); ++t) {
                    packing.pack_one(reinterpret_cast<const float *>(row + (run.first + t) * rows->nb[2]), rows->ne[0],
                                     run.slot + t, to);
                }
            }
        }
    }
}

void TiledAttention::attend(StepGraph & steps, int /*stream*/, const AttentionShape & shape,
                            const RotatedQueries & queries, const std::vector<AttentionRun> & runs,
                            ggml_tensor * heads) const {
    ggml_tensor * sources[] = {queries.near, queries.before, queries.after};
    const int     count     = queries.after != nullptr ? 3 : queries.before != nullptr ? 2 : 1;
    Call *        call      = steps.keep(Call{*this, shape, steps.control(), runs});
    steps.add(ggml_custom_inplace(steps.ctx(), heads, sources, count, run_call, GGML_N_TASKS_MAX, call));
}

AttentionTile TiledAttention::tile_of(const Call & call, const AttentionRun & run, const ggml_tensor * heads) const {
    const ggml_tensor * near = heads->src[1];
    AttentionTile       tile{};
    tile.near_queries   = floats(near);
    tile.before_queries = floats(heads->src[2]);
    tile.after_queries  = floats(heads->src[3]);
    tile.query_stride   = near->nb[2] / sizeof(float);
    tile.near_keys      = floats(near_keys_);
    tile.far_keys       = floats(far_keys_);
    tile.values         = floats(values_);
    tile.keys           = run.keys;
    tile.head_size      = call.shape.head_size;
    tile.window         = call.shape.slides() ? 0 : window_;
    tile.reach          = call.shape.reach;
    tile.causal         = call.shape.causal;
    tile.scale          = call.shape.scale * run.logit_factor;
    tile.out            = static_cast<float *>(heads->data);
    tile.out_stride     = heads->nb[1] / sizeof(float);
    return tile;
}

void TiledAttention::set_bias(AttentionTile & tile, const AttentionShape & shape, int64_t head) const {
    if (!biases_.empty()) {
        tile.bias       = biases_[head].data();
        tile.bias_reach = shape.bias->max_distance;
    } else if (shape.bias != nullptr) {
        tile.slope = shape.bias->slopes[head];
    }
}

void TiledAttention::run_call(ggml_tensor * heads, int part, int parts, void * data) {
    const auto &           call            = *static_cast<const Call *>(data);
    const TiledAttention & self            = call.attention;
    const AttentionShape & shape           = call.shape;
    const int64_t          keys_per_head   = self.near_keys_->nb[3] / sizeof(float);
    const int64_t          values_per_head = self.values_->nb[2] / sizeof(float);
    const AttentionKernel  kernel = self.is_split_ ? self.kernels_.split_attention.kernel : self.kernels_.attention;
    float * scratch = scratch_floats(self.is_split_ ? self.kernels_.split_attention.scratch(shape.head_size)
                                                    : attention_scratch(shape.head_size));
    int64_t piece   = 0;

    for (const AttentionRun & run : call.runs) {
        const AttentionTile whole      = self.tile_of(call, run, heads);
        const int64_t       first_slot = self.slots_.of(run.first_key);
        const int64_t       step       = self.is_split_ ? split_queries_at_a_time(shape.head_size, run.keys)
                                                        : queries_at_a_time(shape.head_size, run.keys);
        // a head's keys and values are read for one tile of queries after the other while they are in the cache
        for (int64_t head = 0; head < shape.heads; ++head) {
            const int64_t kv_head = head / shape.heads_per_kv_head();
            for (int64_t sequence = 0; sequence < run.count; ++sequence) {
                for (int64_t from = 0; from < run.queries; from += step) {
                    if (piece++ % parts != part) {
                        continue;
                    }
                    if (call.control.cancelled.load(std::memory_order_relaxed)) {
                        return; // an operation over a long text takes seconds; nobody will read what it leaves undone
                    }
                    RightOfWay::give_way();
                    const int64_t column = run.column + sequence * run.queries + from;
                    const int64_t start  = column * whole.query_stride + head * shape.head_size;
                    AttentionTile tile   = whole;
                    tile.near_queries    = moved(tile.near_queries, start);
                    tile.before_queries  = moved(tile.before_queries, start);
                    tile.after_queries   = moved(tile.after_queries, start);
                    tile.queries         = std::min(step, run.queries - from);
                    tile.first_index     = run.first_index + from;
                    tile.near_keys       = moved(tile.near_keys, kv_head * keys_per_head);
                    tile.far_keys        = moved(tile.far_keys, kv_head * keys_per_head);
                    tile.values          = moved(tile.values, kv_head * values_per_head);
                    tile.first_key       = first_slot + sequence * KeySlots::stride(run.keys);
                    tile.out += column * tile.out_stride + head * shape.head_size;
                    self.set_bias(tile, shape, head);
                    kernel(tile, scratch);
                }
            }
        }
    }
}

} // namespace longembed
