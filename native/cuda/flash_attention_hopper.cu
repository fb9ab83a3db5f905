// Flash attention for Hopper (compute capability 9.0) on its warpgroup matrix instructions, which reach about twice the
// rate of those that ggml's kernel uses. For keys of 128 or 256 numbers and values of 128: models with heads of 128,
// and their self-extend, whose keys are twice as long. cmake/patched-ggml.cmake compiles this file into ggml's CUDA
// backend.
//
// A block computes 128 rows, each the query of one token and head; heads that share keys are rows of one block. Its two
// warpgroups take 64 rows each and go through the keys in tiles of 64. While the matrix units add up the values of one
// tile, the threads turn the scores of the next into weights, and the tile after that is copied. Sums are floats,
// weights halves; they are scaled by 2^8, as the smallest halves have few digits and the sums have room.
//
// Shared memory is laid out as the instructions read it (PTX ISA, "Asynchronous warpgroup level matrix shared memory
// layout", 128-byte swizzling): slabs of 64 numbers, a row of 128 bytes for each query or key, in which the place of
// each 16 bytes is exchanged by the row modulo 8. Values are read across rows: the layout that PTX calls MN-major.

#include <type_traits>

#include "common.cuh"

bool longembed_flash_attention_hopper(ggml_backend_cuda_context & ctx, ggml_tensor * dst);

namespace {

constexpr int tile_keys  = 64;
constexpr int block_rows = 128;
constexpr int threads    = 256;
constexpr int slots      = 2; // for tiles of keys and of values in shared memory
constexpr int value_size = 128;
constexpr int slab       = 64; // numbers of a row of 128 bytes

constexpr float log2e        = 1.4426950408889634f;
constexpr float weight_scale = 8.0f; // log2

// What a tile of keys is for the queries of a block.
constexpr uint8_t tile_hidden = 0, tile_seen = 1, tile_masked = 2;

struct Parameters {
    const char *    q;
    const char *    k;
    const char *    v;
    const char *    mask;                      // halves, or nullptr
    const uint8_t * tiles;                     // [tiles of keys, tiles of queries, sequences of the mask], or nullptr
    float *         out;                       // [value size, heads, queries, sequences]
    int64_t         q_row, q_head, q_sequence; // bytes
    int64_t         k_row, k_head, k_sequence;
    int64_t         v_row, v_head, v_sequence;
    int64_t         mask_row, mask_sequence;
    int             queries, keys, heads, heads_per_kv, mask_sequences, key_tiles;
    float           scale;
};

constexpr int                         value_bytes = value_size / slab * tile_keys * 128;
template <int key_size> constexpr int key_bytes   = key_size / slab * tile_keys * 128;
template <int key_size> constexpr int query_bytes = key_size / slab * block_rows * 128;
template <int key_size>
constexpr int shared_bytes = 1024 + query_bytes<key_size> + slots *(key_bytes<key_size> + value_bytes);

__device__ __forceinline__ uint32_t shared_address(const void * pointer) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

// Bytes from the start of slabs of `rows` rows to the 16 bytes number `chunk` of a row.
template <int rows> __device__ __forceinline__ uint32_t swizzled(int row, int chunk) {
    return (chunk / 8) * (rows * 128) + row * 128 + (((chunk % 8) ^ (row % 8)) << 4);
}

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

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

// The descriptor of a matrix in shared memory with 128-byte swizzling; strides in bytes.
__device__ __forceinline__ uint64_t descriptor(uint32_t address, uint32_t leading, uint32_t stride) {
    return static_cast<uint64_t>((address & 0x3ffff) >> 4) | static_cast<uint64_t>(leading >> 4) << 16 |
           static_cast<uint64_t>(stride >> 4) << 32 | uint64_t(1) << 62;
}

__device__ __forceinline__ void copy_16_bytes(uint32_t to, const void * from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0) : "memory");
}

__device__ __forceinline__ void commit_copies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

template <int pending> __device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

// Copies become visible to the matrix instructions, of all threads after the barrier that must follow.
__device__ __forceinline__ void publish_shared() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

__device__ __forceinline__ void begin_products() {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void commit_products() {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

template <int pending> __device__ __forceinline__ void wait_for_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}

// Keeps the compiler from moving uses of what products write across their wait.
template <int count> __device__ __forceinline__ void settle(float (&numbers)[count]) {
#pragma unroll
    for (int i = 0; i < count; ++i) {
        asm volatile("" : "+f"(numbers[i])::"memory");
    }
}

#define EIGHT(x, i)                                                                                                    \
    "+f"(x[i]), "+f"(x[i + 1]), "+f"(x[i + 2]), "+f"(x[i + 3]), "+f"(x[i + 4]), "+f"(x[i + 5]), "+f"(x[i + 6]),        \
        "+f"(x[i + 7])

// 64 rows × 64 keys, 16 numbers deep: both operands in shared memory.
__device__ __forceinline__ void multiply_queries(float (&s)[32], uint64_t q, uint64_t k, int add) {
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "setp.ne.b32 p, %34, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
                 "%32, %33, p, 1, 1, 0, 0;\n"
                 "}\n"
                 : EIGHT(s, 0), EIGHT(s, 8), EIGHT(s, 16), EIGHT(s, 24)
                 : "l"(q), "l"(k), "r"(add));
}

// 64 rows × 128 numbers of values, 16 keys deep: weights in registers, values across rows of shared memory.
__device__ __forceinline__ void multiply_values(float (&o)[64], const uint32_t (&w)[4], uint64_t v) {
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "setp.ne.b32 p, 1, 0;\n"
                 "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
                 "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
                 "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
                 "{%64, %65, %66, %67}, %68, p, 1, 1, 1;\n"
                 "}\n"
                 : EIGHT(o, 0), EIGHT(o, 8), EIGHT(o, 16), EIGHT(o, 24), EIGHT(o, 32), EIGHT(o, 40), EIGHT(o, 48),
                   EIGHT(o, 56)
                 : "r"(w[0]), "r"(w[1]), "r"(w[2]), "r"(w[3]), "l"(v));
}

#undef EIGHT

__device__ __forceinline__ float two_to(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ __forceinline__ uint32_t halves(float low, float high) {
    const half2 both = __floats2half2_rn(low, high);
    return *reinterpret_cast<const uint32_t *>(&both);
}

// The largest, or the sum, over the four threads that hold a row's columns.
__device__ __forceinline__ float largest_of_row(float x) {
    x = fmaxf(x, __shfl_xor_sync(0xffffffff, x, 1));
    return fmaxf(x, __shfl_xor_sync(0xffffffff, x, 2));
}

__device__ __forceinline__ float sum_of_row(float x) {
    x += __shfl_xor_sync(0xffffffff, x, 1);
    return x + __shfl_xor_sync(0xffffffff, x, 2);
}

#endif // defined(__CUDA_ARCH_FEAT_SM90_ALL)

// grid: tiles of queries, groups of `group` heads, sequences
template <int key_size, int group> __launch_bounds__(threads, 1) __global__
    void flash_attention_hopper(const __grid_constant__ Parameters p) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    constexpr int queries_per_block = block_rows / group;

    extern __shared__ char unaligned[];
    const uint32_t         q_at = (shared_address(unaligned) + 1023) & ~1023u;
    const uint32_t         k_at = q_at + query_bytes<key_size>;
    const uint32_t         v_at = k_at + slots * key_bytes<key_size>;

    const int    first_query   = blockIdx.x * queries_per_block;
    const int    first_head    = blockIdx.y * group;
    const int    sequence      = blockIdx.z;
    const int    mask_sequence = sequence % p.mask_sequences;
    const char * k             = p.k + first_head / p.heads_per_kv * p.k_head + sequence * p.k_sequence;
    const char * v             = p.v + first_head / p.heads_per_kv * p.v_head + sequence * p.v_sequence;
    const char * mask          = p.mask + mask_sequence * p.mask_sequence;

    const uint8_t * tiles =
        p.tiles == nullptr ? nullptr : p.tiles + (mask_sequence * gridDim.x + blockIdx.x) * int64_t(p.key_tiles);
    // the next tile from `tile` on that any query sees, and its kind
    const auto next_tile = [&](int tile, uint8_t & kind) {
        kind = tile_hidden;
        for (; tile < p.key_tiles; ++tile) {
            kind = tiles != nullptr ? __ldg(tiles + tile) : (tile + 1) * tile_keys > p.keys ? tile_masked : tile_seen;
            if (kind != tile_hidden) {
                break;
            }
        }
        return tile;
    };

    // A thread copies the same 16 bytes of every some rows, a multiple of 8: their places differ by a constant.
    const auto load = [&](auto size, const char * from, int64_t row_bytes, uint32_t to, int tile) {
        constexpr int chunks = decltype(size)::value / 8, rows_at_once = threads / chunks;
        const int     row = threadIdx.x / chunks, chunk = threadIdx.x % chunks, first = tile * tile_keys + row;
        const char *  source = from + first * row_bytes + chunk * 16;
        const int64_t step   = rows_at_once * row_bytes;
        to += swizzled<tile_keys>(row, chunk);
#pragma unroll
        for (int i = 0; i < tile_keys / rows_at_once; ++i) {
            const bool there = first + i * rows_at_once < p.keys;
            copy_16_bytes(to + i * rows_at_once * 128, there ? source : from, there);
            source += step;
        }
    };
    const auto load_keys = [&](int tile, int slot) {
        if (tile < p.key_tiles) {
            load(std::integral_constant<int, key_size>(), k, p.k_row, k_at + slot * key_bytes<key_size>, tile);
        }
    };
    const auto load_values = [&](int tile, int slot) {
        if (tile < p.key_tiles) {
            load(std::integral_constant<int, value_size>(), v, p.v_row, v_at + slot * value_bytes, tile);
        }
    };

    uint8_t kind, kind_next;
    int     tile      = next_tile(0, kind);
    int     tile_next = next_tile(tile + 1, kind_next);
    load_keys(tile, 0);
    load_values(tile, 0);
    commit_copies();
    load_keys(tile_next, 1);
    commit_copies();

    // queries, scaled so that weights are powers of two
    for (int at = threadIdx.x; at < block_rows * key_size / 8; at += threads) {
        const int row = at / (key_size / 8), chunk = at % (key_size / 8);
        const int query = first_query + row / group, head = first_head + row % group;
        uint4     packed = {0, 0, 0, 0};
        if (query < p.queries) {
            const float4 * from = reinterpret_cast<const float4 *>(p.q + query * p.q_row + head * p.q_head +
                                                                   sequence * p.q_sequence + chunk * 32);
            const float4   a = from[0], b = from[1];
            const float    c = p.scale * log2e;
            packed           = {halves(a.x * c, a.y * c), halves(a.z * c, a.w * c), halves(b.x * c, b.y * c),
                                halves(b.z * c, b.w * c)};
        }
        asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(q_at + swizzled<block_rows>(row, chunk)),
                     "r"(packed.x), "r"(packed.y), "r"(packed.z), "r"(packed.w)
                     : "memory");
    }

    const int warpgroup = threadIdx.x / 128;
    const int lane      = threadIdx.x % 32;
    const int row_0     = warpgroup * 64 + threadIdx.x % 128 / 32 * 16 + lane / 4; // and row_0 + 8
    const int column_0  = lane % 4 * 2;                                            // and the next, of every 8

    const auto multiply_all_queries = [&](float(&s)[32], int slot) {
        const uint64_t queries = descriptor(q_at + warpgroup * (64 * 128), 16, 1024);
        const uint64_t keys    = descriptor(k_at + slot * key_bytes<key_size>, 16, 1024);
#pragma unroll
        for (int part = 0; part < key_size / 16; ++part) { // of descriptors, addresses are the lowest bits, in 16 bytes
            const int in_row = part % 4 * 32;
            multiply_queries(s, queries + (part / 4 * (block_rows * 128) + in_row) / 16,
                             keys + (part / 4 * (tile_keys * 128) + in_row) / 16, part > 0);
        }
    };

    float out[64], scores[32];
#pragma unroll
    for (int i = 0; i < 64; ++i) {
        out[i] = 0.0f;
    }
    float    largest[2] = {-INFINITY, -INFINITY}, sum[2] = {0.0f, 0.0f}, shrink[2];
    uint32_t weights[4][4];

    // turns the scores of a tile into weights, and says by how much those before shrink
    const auto weigh = [&](int of_tile, uint8_t of_kind) {
        if (of_kind == tile_masked) {
#pragma unroll
            for (int r = 0; r < 2; ++r) {
                const int    query = first_query + (row_0 + r * 8) / group;
                const half * row   = reinterpret_cast<const half *>(mask + query * p.mask_row);
                const bool   read  = p.mask != nullptr && query < p.queries;
#pragma unroll
                for (int i = 0; i < 16; ++i) {
                    const int key   = of_tile * tile_keys + i / 2 * 8 + column_0 + i % 2;
                    float &   score = scores[i / 2 * 4 + r * 2 + i % 2];
                    if (key >= p.keys) {
                        score = -INFINITY;
                    } else if (read) {
                        score += __half2float(row[key]) * log2e;
                    }
                }
            }
        }
#pragma unroll
        for (int r = 0; r < 2; ++r) {
            float most = -INFINITY;
#pragma unroll
            for (int i = 0; i < 16; ++i) {
                most = fmaxf(most, scores[i / 2 * 4 + r * 2 + i % 2]);
            }
            const float before = largest[r];
            largest[r]         = fmaxf(before, largest_of_row(most));
            const float base   = largest[r] == -INFINITY ? 0.0f : largest[r] - weight_scale;
            shrink[r]          = largest[r] == -INFINITY ? 1.0f : two_to(before - largest[r]);
            sum[r] *= shrink[r];
#pragma unroll
            for (int i = 0; i < 16; ++i) {
                float & score = scores[i / 2 * 4 + r * 2 + i % 2];
                score         = two_to(score - base);
                sum[r] += score;
            }
        }
    };
    const auto pack_weights = [&] {
#pragma unroll
        for (int i = 0; i < 16; ++i) {
            weights[i / 4][i % 4] = halves(scores[2 * i], scores[2 * i + 1]);
        }
    };
    const auto multiply_all_values = [&](int slot) {
        const uint64_t values = descriptor(v_at + slot * value_bytes, tile_keys * 128, 1024);
#pragma unroll
        for (int part = 0; part < tile_keys / 16; ++part) {
            multiply_values(out, weights[part], values + part * (16 * 128) / 16);
        }
    };

    if (tile < p.key_tiles) {
        wait_for_copies<1>();
        publish_shared();
        __syncthreads();
        begin_products();
        multiply_all_queries(scores, 0);
        commit_products();
        wait_for_products<0>();
        settle(scores);
        weigh(tile, kind);
        pack_weights();

        int slot = 0; // of this tile, whose weights are known
        while (tile_next < p.key_tiles) {
            wait_for_copies<0>();
            publish_shared();
            __syncthreads(); // the next keys and these values are there; nobody reads what is copied over below
            begin_products();
            multiply_all_queries(scores, 1 - slot);
            commit_products();
            multiply_all_values(slot);
            commit_products();

            uint8_t   kind_after;
            const int tile_after = next_tile(tile_next + 1, kind_after);
            load_keys(tile_after, slot);
            load_values(tile_next, 1 - slot);
            commit_copies();

            wait_for_products<1>(); // the next scores
            settle(scores);
            weigh(tile_next, kind_next);
            // Never so. But only a branch keeps ptxas from computing the weights after the wait, where nothing
            // overlaps.
            if (__any_sync(0xffffffff, sum[0] < 0.0f || sum[1] < 0.0f)) {
                __trap();
            }
            wait_for_products<0>();
            settle(out);
            if (__any_sync(0xffffffff, shrink[0] != 1.0f || shrink[1] != 1.0f)) { // seldom after the first tiles
#pragma unroll
                for (int i = 0; i < 64; ++i) {
                    out[i] *= shrink[i / 2 % 2];
                }
            }
            pack_weights();
            slot      = 1 - slot;
            tile_next = tile_after, kind_next = kind_after;
        }
        wait_for_copies<0>();
        publish_shared();
        __syncthreads();
        begin_products();
        multiply_all_values(slot);
        commit_products();
        wait_for_products<0>();
        settle(out);
    }

#pragma unroll
    for (int r = 0; r < 2; ++r) {
        const float all   = sum_of_row(sum[r]);
        const float share = all > 0.0f ? 1.0f / all : 0.0f;
        const int   row = row_0 + r * 8, query = first_query + row / group, head = first_head + row % group;
        if (query < p.queries) {
            float * to = p.out + ((int64_t(sequence) * p.queries + query) * p.heads + head) * value_size + column_0;
#pragma unroll
            for (int i = 0; i < 16; ++i) {
                *reinterpret_cast<float2 *>(to + i * 8) = {out[i * 4 + r * 2] * share, out[i * 4 + r * 2 + 1] * share};
            }
        }
    }
#else
    GGML_UNUSED(p);
    NO_DEVICE_CODE;
#endif // defined(__CUDA_ARCH_FEAT_SM90_ALL)
}

template <int key_size, int group> void launch(ggml_backend_cuda_context & ctx, Parameters & p, int sequences) {
    constexpr int                 queries_per_block = block_rows / group;
    const int                     query_tiles       = (p.queries + queries_per_block - 1) / queries_per_block;
    cudaStream_t                  stream            = ctx.stream();
    ggml_cuda_pool_alloc<uint8_t> tiles(ctx.pool());
    if (p.mask != nullptr) {
        p.tiles = tiles.alloc(size_t(p.key_tiles) * query_tiles * p.mask_sequences);
        classify_tiles<<<dim3(p.key_tiles, query_tiles, p.mask_sequences), 128, 0, stream>>>(
            p.mask, p.mask_row, p.mask_sequence, p.queries, p.keys, queries_per_block, tiles.get());
        CUDA_CHECK(cudaGetLastError());
    }
    static bool has_room[GGML_CUDA_MAX_DEVICES] = {false};
    if (!has_room[ctx.device]) {
        CUDA_CHECK(cudaFuncSetAttribute(flash_attention_hopper<key_size, group>,
                                        cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes<key_size>));
        has_room[ctx.device] = true;
    }
    flash_attention_hopper<key_size, group>
        <<<dim3(query_tiles, p.heads / group, sequences), threads, shared_bytes<key_size>, stream>>>(p);
    CUDA_CHECK(cudaGetLastError());
}

template <int key_size> void launch(ggml_backend_cuda_context & ctx, Parameters & p, int group, int sequences) {
    switch (group) {
        case 8: return launch<key_size, 8>(ctx, p, sequences);
        case 4: return launch<key_size, 4>(ctx, p, sequences);
        case 2: return launch<key_size, 2>(ctx, p, sequences);
        default: return launch<key_size, 1>(ctx, p, sequences);
    }
}

static bool is_aligned(const ggml_tensor * t) {
    return t->nb[1] % 16 == 0 && t->nb[2] % 16 == 0 && t->nb[3] % 16 == 0 &&
           reinterpret_cast<uintptr_t>(t->data) % 16 == 0;
}

} // namespace

// Whether it has computed the operation; where not, ggml's kernels are to.
bool longembed_flash_attention_hopper(ggml_backend_cuda_context & ctx, ggml_tensor * dst) {
#if !defined(LONGEMBED_HAS_HOPPER)
    GGML_UNUSED_VARS(ctx, dst);
    return false;
#else
    const ggml_tensor * q    = dst->src[0];
    const ggml_tensor * k    = dst->src[1];
    const ggml_tensor * v    = dst->src[2];
    const ggml_tensor * mask = dst->src[3];
    float               scale, max_bias, softcap;
    memcpy(&scale, reinterpret_cast<const float *>(dst->op_params) + 0, sizeof(float));
    memcpy(&max_bias, reinterpret_cast<const float *>(dst->op_params) + 1, sizeof(float));
    memcpy(&softcap, reinterpret_cast<const float *>(dst->op_params) + 2, sizeof(float));

    const bool suits =
        ggml_cuda_info().devices[ctx.device].cc == 900 && q->type == GGML_TYPE_F32 && k->type == GGML_TYPE_F16 &&
        v->type == GGML_TYPE_F16 && v->ne[0] == value_size && (k->ne[0] == 128 || k->ne[0] == 256) &&
        max_bias == 0.0f && softcap == 0.0f && dst->src[4] == nullptr && is_aligned(q) && is_aligned(k) &&
        is_aligned(v) && k->ne[3] == q->ne[3] && v->ne[3] == q->ne[3] &&
        (mask == nullptr || (mask->type == GGML_TYPE_F16 && mask->ne[2] == 1 && is_aligned(mask) && k->ne[1] % 8 == 0));
    if (!suits) {
        return false;
    }
    const int heads_per_kv = static_cast<int>(q->ne[2] / k->ne[2]);
    int       group        = 1;
    while (group < 8 && heads_per_kv % (2 * group) == 0) {
        group *= 2;
    }
    // ggml divides the keys of few queries among blocks, which this kernel does not
    const int64_t query_tiles = (q->ne[1] * group + block_rows - 1) / block_rows;
    const int64_t blocks      = query_tiles * (q->ne[2] / group) * q->ne[3];
    if (q->ne[1] * group < block_rows / 2 || 2 * blocks < ggml_cuda_info().devices[ctx.device].nsm) {
        return false;
    }

    Parameters p{};
    p.q = static_cast<const char *>(q->data), p.k = static_cast<const char *>(k->data);
    p.v = static_cast<const char *>(v->data), p.out = static_cast<float *>(dst->data);
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
    p.heads_per_kv = heads_per_kv;
    p.key_tiles    = (p.keys + tile_keys - 1) / tile_keys;
    p.scale        = scale;
    if (k->ne[0] == 128) {
        launch<128>(ctx, p, group, static_cast<int>(q->ne[3]));
    } else {
        launch<256>(ctx, p, group, static_cast<int>(q->ne[3]));
    }
    return true;
#endif // !defined(LONGEMBED_HAS_HOPPER)
}
