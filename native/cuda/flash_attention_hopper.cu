// Flash attention for Hopper (compute capability 9.0) on its warpgroup matrix instructions, which reach about twice the
// rate of those that ggml's kernel uses. For keys of 128 or 256 numbers and values of 128: models with heads of 128,
// and their self-extend, whose keys are twice as long. cmake/patched-ggml.cmake compiles this file into ggml's CUDA
// backend.
//
// A block computes 128 rows, each the query of one token and head; heads that share keys are rows of one block. It goes
// through the keys in tiles of 64: hopper_attention.cuh. Sums are floats, weights halves; they are scaled by 2^8, as
// the smallest halves have few digits and the sums have room. Of self-extend's keys, where one half is zeros, the other
// half alone is copied and multiplied.
//
// Shared memory is laid out as the instructions read it (PTX ISA, "Asynchronous warpgroup level matrix shared memory
// layout", 128-byte swizzling): slabs of 64 numbers, a row of 128 bytes for each query or key, in which the place of
// each 16 bytes is exchanged by the row modulo 8. Values are read across rows: the layout that PTX calls MN-major.

#include "attention/flash_params.h"
#include "common.cuh"
#include "fused_operations.cuh"
#include "hopper_attention.cuh"

namespace longembed {

namespace {

// Which tiles of keys a mask hides from a tile of queries, or lets through unchanged. Rows are read 8 halves at a time.
__global__ void classify_tiles(const char * mask, int64_t row_bytes, int64_t sequence_bytes, int queries, int keys,
                               int queries_per_tile, uint8_t * tiles) {
    constexpr int  pieces    = tile_keys / 8;
    constexpr uint hidden    = 0xfc00; // −inf
    const int      first_key = blockIdx.x * tile_keys, first_query = blockIdx.y * queries_per_tile;
    const char *   of_sequence = mask + blockIdx.z * sequence_bytes;
    bool           seen = false, changed = first_key + tile_keys > keys;
    for (int i = threadIdx.x; i < queries_per_tile * pieces; i += blockDim.x) {
        const int query = first_query + i / pieces, key = first_key + i % pieces * 8;
        if (query < queries && key < keys) {
            const uint4 four = *reinterpret_cast<const uint4 *>(of_sequence + query * row_bytes + key * sizeof(half));
            const uint  words[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
            for (const uint word : words) {
                seen    = seen || (word & 0xffff) != hidden || word >> 16 != hidden;
                changed = changed || (word & 0x7fff7fff) != 0;
            }
        }
    }
    const bool any_seen    = __syncthreads_or(seen);
    const bool any_changed = __syncthreads_or(changed);
    if (threadIdx.x == 0) {
        tiles[(blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x] =
            any_seen ? (any_changed ? tile_masked : tile_seen) : tile_hidden;
    }
}

template <int key_size, int part_size, int group>
void launch(ggml_backend_cuda_context & ctx, Parameters & p, int sequences) {
    constexpr int queries_per_block = block_rows / group;
    const int     query_tiles       = (p.queries + queries_per_block - 1) / queries_per_block;
    cudaStream_t  stream            = ctx.stream();
    p.key_tiles                     = (p.keys + tile_keys - 1) / tile_keys;
    ggml_cuda_pool_alloc<uint8_t> tiles(ctx.pool());
    if (p.mask != nullptr) {
        p.tiles = tiles.alloc(size_t(p.key_tiles) * query_tiles * p.mask_sequences);
        classify_tiles<<<dim3(p.key_tiles, query_tiles, p.mask_sequences), 128, 0, stream>>>(
            p.mask, p.mask_row, p.mask_sequence, p.queries, p.keys, queries_per_block, tiles.get());
        CUDA_CHECK(cudaGetLastError());
    }
    static bool has_room[GGML_CUDA_MAX_DEVICES] = {false};
    if (!has_room[ctx.device]) {
        CUDA_CHECK(cudaFuncSetAttribute(flash_attention_hopper<key_size, part_size, group>,
                                        cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        shared_bytes<key_size, part_size>));
        has_room[ctx.device] = true;
    }
    flash_attention_hopper<key_size, part_size, group>
        <<<dim3(query_tiles, p.heads / group, sequences), threads, shared_bytes<key_size, part_size>, stream>>>(p);
    CUDA_CHECK(cudaGetLastError());
}

template <int key_size, int part_size>
void launch(ggml_backend_cuda_context & ctx, Parameters & p, int group, int sequences) {
    switch (group) {
        case 8: return launch<key_size, part_size, 8>(ctx, p, sequences);
        case 4: return launch<key_size, part_size, 4>(ctx, p, sequences);
        case 2: return launch<key_size, part_size, 2>(ctx, p, sequences);
        default: return launch<key_size, part_size, 1>(ctx, p, sequences);
    }
}

static bool is_aligned(const ggml_tensor * t) {
    return t->nb[1] % 16 == 0 && t->nb[2] % 16 == 0 && t->nb[3] % 16 == 0 &&
           reinterpret_cast<uintptr_t>(t->data) % 16 == 0;
}

} // namespace

} // namespace longembed

#if defined(LONGEMBED_HAS_HOPPER)

namespace longembed {

namespace {

// As many of the heads that share keys as are rows of one block.
static int heads_of_block(const ggml_tensor * q, const ggml_tensor * k) {
    const int heads_per_kv = static_cast<int>(q->ne[2] / k->ne[2]);
    int       group        = 1;
    while (group < 8 && heads_per_kv % (2 * group) == 0) {
        group *= 2;
    }
    return group;
}

// Whether the kernel can compute the operation, and should: ggml divides the keys of few queries among blocks, which
// this kernel does not. Does not look at where its tensors lie, if they have no memory yet.
static bool suits(int device, const ggml_tensor * dst) {
    const ggml_tensor * q        = dst->src[0];
    const ggml_tensor * k        = dst->src[1];
    const ggml_tensor * v        = dst->src[2];
    const ggml_tensor * mask     = dst->src[3];
    const float         max_bias = ggml_get_op_params_f32(dst, 1), softcap = ggml_get_op_params_f32(dst, 2);

    const bool possible =
        ggml_cuda_info().devices[device].cc == 900 && q->type == GGML_TYPE_F32 && k->type == GGML_TYPE_F16 &&
        v->type == GGML_TYPE_F16 && v->ne[0] == value_size && (k->ne[0] == 128 || k->ne[0] == 256) &&
        max_bias == 0.0f && softcap == 0.0f && dst->src[4] == nullptr && is_aligned(q) && is_aligned(k) &&
        is_aligned(v) && k->ne[3] == q->ne[3] && v->ne[3] == q->ne[3] &&
        (mask == nullptr || (mask->type == GGML_TYPE_F16 && mask->ne[2] == 1 && is_aligned(mask) && k->ne[1] % 8 == 0));
    if (!possible) {
        return false;
    }
    const int     group       = heads_of_block(q, k);
    const int64_t query_tiles = (q->ne[1] * group + block_rows - 1) / block_rows;
    const int64_t blocks      = query_tiles * (q->ne[2] / group) * q->ne[3];
    return q->ne[1] * group >= block_rows / 2 && 2 * blocks >= ggml_cuda_info().devices[device].nsm;
}

} // namespace

} // namespace longembed

bool longembed_attends_causally(int device, const ggml_tensor * attention) {
    const int32_t before = ggml_get_op_params_i32(attention, longembed::causal_op_param) - 1;
    return before >= 0 && attention->src[3] == nullptr && longembed::suits(device, attention);
}

bool longembed_flash_attention_hopper(ggml_backend_cuda_context & ctx, ggml_tensor * dst, bool halves) {
    using namespace longembed;
    if (!suits(ctx.device, dst)) {
        return false;
    }
    const ggml_tensor * q     = dst->src[0];
    const ggml_tensor * k     = dst->src[1];
    const ggml_tensor * v     = dst->src[2];
    const ggml_tensor * mask  = dst->src[3];
    const int           group = heads_of_block(q, k);

    Parameters p{};
    p.q = static_cast<const char *>(q->data), p.k = static_cast<const char *>(k->data);
    p.v = static_cast<const char *>(v->data), p.out = dst->data, p.halves = halves;
    p.q_row = q->nb[1], p.q_head = q->nb[2], p.q_sequence = q->nb[3];
    p.k_row = k->nb[1], p.k_head = k->nb[2], p.k_sequence = k->nb[3];
    p.v_row = v->nb[1], p.v_head = v->nb[2], p.v_sequence = v->nb[3];
    p.mask_sequences = 1;
    if (mask != nullptr) {
        p.mask     = static_cast<const char *>(mask->data);
        p.mask_row = mask->nb[1], p.mask_sequence = mask->nb[3];
        p.mask_sequences = static_cast<int>(mask->ne[3]);
    }
    p.queries = static_cast<int>(q->ne[1]), p.keys = static_cast<int>(k->ne[1]), p.heads = static_cast<int>(q->ne[2]);
    p.keys_before  = ggml_get_op_params_i32(dst, longembed::causal_op_param) - 1;
    p.halves_meet  = k->ne[0] == 256 ? ggml_get_op_params_i32(dst, longembed::halves_op_param) - 1 : -1;
    p.heads_per_kv = static_cast<int>(q->ne[2] / k->ne[2]);
    p.scale        = ggml_get_op_params_f32(dst, 0);
    if (k->ne[0] == 128) {
        launch<128, 128>(ctx, p, group, static_cast<int>(q->ne[3]));
    } else if (p.halves_meet >= 0) {
        launch<256, 128>(ctx, p, group, static_cast<int>(q->ne[3]));
    } else {
        launch<256, 256>(ctx, p, group, static_cast<int>(q->ne[3]));
    }
    return true;
}

#else

bool longembed_attends_causally(int, const ggml_tensor *) {
    return false;
}

bool longembed_flash_attention_hopper(ggml_backend_cuda_context &, ggml_tensor *, bool) {
    return false;
}

#endif // defined(LONGEMBED_HAS_HOPPER)
