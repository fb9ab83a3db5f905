// The kernel of flash_attention_hopper.cu. Three warpgroups: one copies tiles of keys and values, the other two
// compute, 64 rows each. While the matrix units add up one's values, it turns the next scores into weights, and the
// other's products are next in line.
#pragma once

#include "hopper_tiles.cuh"

namespace longembed {

constexpr float log2e        = 1.4426950408889634f;
constexpr float weight_scale = 8.0f; // log2

// Registers of a thread: the three warpgroups have 65,536 together.
constexpr int copying_registers = 40, computing_registers = 232;

// grid: tiles of queries, groups of `group` heads, sequences
template <int key_size, int part_size, int group> __launch_bounds__(threads, 1) __global__
    void flash_attention_hopper(const __grid_constant__ Parameters p) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    constexpr int queries_per_block = block_rows / group;
    constexpr int row_scores        = tile_keys / 4; // of a thread

    extern __shared__ char         unaligned[];
    __shared__ alignas(8) uint64_t barriers[4 * slots<part_size>];
    Shared<part_size>              shared;
    shared.q            = (shared_address(unaligned) + 1023) & ~1023u;
    shared.k            = shared.q + query_bytes<key_size>;
    shared.v            = shared.k + slots<part_size> * key_bytes<part_size>;
    shared.full_keys    = shared_address(barriers);
    shared.empty_keys   = shared.full_keys + slots<part_size> * 8;
    shared.full_values  = shared.empty_keys + slots<part_size> * 8;
    shared.empty_values = shared.full_values + slots<part_size> * 8;

    // where queries see more and more keys, those that take longest come first
    const int    query_tile  = p.keys_before < 0 ? blockIdx.x : gridDim.x - 1 - blockIdx.x;
    const int    first_query = query_tile * queries_per_block;
    const int    first_head  = blockIdx.y * group;
    const int    sequence    = blockIdx.z;
    const char * k           = p.k + first_head / p.heads_per_kv * p.k_head + sequence * p.k_sequence;
    const char * v           = p.v + first_head / p.heads_per_kv * p.v_head + sequence * p.v_sequence;
    const char * mask        = p.mask + sequence % p.mask_sequences * p.mask_sequence;

    if (threadIdx.x == 0) {
        for (int slot = 0; slot < slots<part_size>; ++slot) {
            begin_barrier(shared.full_keys + slot * 8, 128); // threads that copy
            begin_barrier(shared.full_values + slot * 8, 128);
            begin_barrier(shared.empty_keys + slot * 8, 8); // warps that compute
            begin_barrier(shared.empty_values + slot * 8, 8);
        }
    }
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
        store_16_bytes(shared.q + swizzled<block_rows>(row, chunk), packed);
    }
    publish_shared();
    __syncthreads();

    Tiles     tiles(p, query_tile, gridDim.x, queries_per_block);
    const int warpgroup = threadIdx.x / 128 - 1; // of those that compute

    if (warpgroup < 0) {
        fewer_registers<copying_registers>();
        Copies<part_size>(p, shared, k, v).run(tiles);
    } else {
        more_registers<computing_registers>();
        const int lane     = threadIdx.x % 32;
        const int row_0    = warpgroup * 64 + threadIdx.x % 128 / 32 * 16 + lane / 4; // and row_0 + 8
        const int column_0 = lane % 4 * 2;                                            // and the next, of every 8

        float out[64], scores[tile_keys / 2];
#pragma unroll
        for (int i = 0; i < 64; ++i) {
            out[i] = 0.0f;
        }
        float    largest[2] = {-INFINITY, -INFINITY}, sum[2] = {0.0f, 0.0f}, shrink[2];
        uint32_t weights[tile_keys / 16][4];

        const auto multiply_all_queries = [&](float (&s)[tile_keys / 2], int slot, int half) {
            const uint32_t in_half = half * (part_size / slab * block_rows * 128);
            const uint64_t queries = descriptor(shared.q + in_half + warpgroup * (64 * 128), 16, 1024);
            const uint64_t keys    = descriptor(shared.keys(slot), 16, 1024);
#pragma unroll
            for (int part = 0; part < part_size / 16; ++part) { // addresses are the lowest bits, in 16 bytes
                const int in_row = part % 4 * 32;
                multiply_queries(s, queries + (part / 4 * (block_rows * 128) + in_row) / 16,
                                 keys + (part / 4 * (tile_keys * 128) + in_row) / 16, part > 0);
            }
        };
        const auto multiply_all_values = [&](int slot) {
            const uint64_t values = descriptor(shared.values(slot), tile_keys * 128, 1024);
#pragma unroll
            for (int part = 0; part < tile_keys / 16; ++part) {
                multiply_values(out, weights[part], values + part * (16 * 128) / 16);
            }
        };
        // turns the scores of a tile into weights, and says by how much those before shrink
        const auto weigh = [&](const Tiles & of) {
            if (of.kind() == tile_masked) {
#pragma unroll
                for (int r = 0; r < 2; ++r) {
                    const int    query = first_query + (row_0 + r * 8) / group;
                    const half * row   = reinterpret_cast<const half *>(mask + query * p.mask_row);
                    const bool   read  = p.mask != nullptr && query < p.queries;
                    const int    end   = of.end(p.keys_before < 0 ? p.keys : min(p.keys, p.keys_before + query + 1));
#pragma unroll
                    for (int i = 0; i < row_scores; ++i) {
                        const int key   = of.tile() * tile_keys + i / 2 * 8 + column_0 + i % 2;
                        float &   score = scores[i / 2 * 4 + r * 2 + i % 2];
                        if (key >= end || key < of.begin()) {
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
                for (int i = 0; i < row_scores; ++i) {
                    most = fmaxf(most, scores[i / 2 * 4 + r * 2 + i % 2]);
                }
                const float before = largest[r];
                largest[r]         = fmaxf(before, largest_of_row(most));
                const float base   = largest[r] == -INFINITY ? 0.0f : largest[r] - weight_scale;
                shrink[r]          = largest[r] == -INFINITY ? 1.0f : two_to(before - largest[r]);
                sum[r] *= shrink[r];
#pragma unroll
                for (int i = 0; i < row_scores; ++i) {
                    float & score = scores[i / 2 * 4 + r * 2 + i % 2];
                    score         = two_to(score - base);
                    sum[r] += score;
                }
            }
        };
        const auto pack_weights = [&] {
#pragma unroll
            for (int i = 0; i < tile_keys / 4; ++i) {
                weights[i / 4][i % 4] = halves(scores[2 * i], scores[2 * i + 1]);
            }
        };
        const auto release = [&](uint32_t empty, const Slot<part_size> & slot) {
            if (lane == 0) {
                arrive(empty + slot.number * 8);
            }
        };

        if (tiles.has()) {
            Slot<part_size> keys, values;
            wait_for(shared.full_keys + keys.number * 8, keys.parity);
            begin_products();
            multiply_all_queries(scores, keys.number, tiles.half_number());
            commit_products();
            wait_for_products<0>();
            settle(scores);
            release(shared.empty_keys, keys);
            keys.next();
            weigh(tiles);
            pack_weights();

            for (tiles.next(); tiles.has(); tiles.next()) {
                wait_for(shared.full_keys + keys.number * 8, keys.parity);
                wait_for(shared.full_values + values.number * 8, values.parity);
                begin_products();
                multiply_all_queries(scores, keys.number, tiles.half_number());
                commit_products();
                multiply_all_values(values.number);
                commit_products();

                wait_for_products<1>(); // the scores
                settle(scores);
                release(shared.empty_keys, keys);
                keys.next();
                weigh(tiles);
                // Never so. But only a branch keeps ptxas from computing the weights after the wait, where nothing
                // overlaps.
                if (__any_sync(0xffffffff, sum[0] < 0.0f || sum[1] < 0.0f)) {
                    __trap();
                }
                wait_for_products<0>();
                settle(out);
                release(shared.empty_values, values);
                values.next();
                if (__any_sync(0xffffffff, shrink[0] != 1.0f || shrink[1] != 1.0f)) { // seldom after the first tiles
#pragma unroll
                    for (int i = 0; i < 64; ++i) {
                        out[i] *= shrink[i / 2 % 2];
                    }
                }
                pack_weights();
            }
            wait_for(shared.full_values + values.number * 8, values.parity);
            begin_products();
            multiply_all_values(values.number);
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
                const int64_t at = ((int64_t(sequence) * p.queries + query) * p.heads + head) * value_size + column_0;
#pragma unroll
                for (int i = 0; i < 16; ++i) {
                    const float2 two = {out[i * 4 + r * 2] * share, out[i * 4 + r * 2 + 1] * share};
                    if (p.halves) {
                        reinterpret_cast<uint32_t *>(p.out)[(at + i * 8) / 2] = halves(two.x, two.y);
                    } else {
                        reinterpret_cast<float2 *>(p.out)[(at + i * 8) / 2] = two;
                    }
                }
            }
        }
    }
#else
    GGML_UNUSED(p);
    NO_DEVICE_CODE;
#endif // defined(__CUDA_ARCH_FEAT_SM90_ALL)
}

} // namespace longembed
