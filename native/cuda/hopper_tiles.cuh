// The tiles of keys that a block of flash_attention_hopper.cu goes through, and the warpgroup that copies them.
#pragma once

#include "hopper_instructions.cuh"

namespace longembed {

constexpr int tile_keys  = 64;
constexpr int block_rows = 128;
constexpr int threads    = 384;
constexpr int value_size = 128;
constexpr int slab       = 64; // numbers of a row of 128 bytes

// What a tile of keys is for the queries of a block.
constexpr uint8_t tile_hidden = 0, tile_seen = 1, tile_masked = 2;

struct Parameters {
    const char *    q;
    const char *    k;
    const char *    v;
    const char *    mask;                      // halves, or nullptr
    const uint8_t * tiles;                     // [tiles of keys, tiles of queries, sequences of the mask], or nullptr
    void *          out;                       // [value size, heads, queries, sequences], floats or halves
    int64_t         q_row, q_head, q_sequence; // bytes
    int64_t         k_row, k_head, k_sequence;
    int64_t         v_row, v_head, v_sequence;
    int64_t         mask_row, mask_sequence;
    int             queries, keys, heads, heads_per_kv, mask_sequences, key_tiles;
    int             keys_before; // causal: query i sees keys 0 … keys_before + i; else negative
    // keys of 256: those before this one have zeros in their second half, the others in their first; else negative
    int   halves_meet;
    bool  halves;
    float scale;
};

// for tiles of keys and of values in shared memory
template <int part_size> constexpr int slots = part_size == 128 ? 4 : 3;

constexpr int                                        value_bytes = value_size / slab * tile_keys * 128;
template <int part_size> constexpr int               key_bytes   = part_size / slab * tile_keys * 128;
template <int key_size> constexpr int                query_bytes = key_size / slab * block_rows * 128;
template <int key_size, int part_size> constexpr int shared_bytes =
    1024 + query_bytes<key_size> + slots<part_size> * (key_bytes<part_size> + value_bytes);

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

// The tiles of keys that a block goes through, from the first on.
class Tiles {
public:
    __device__ Tiles(const Parameters & p, int query_tile, int query_tiles, int queries_per_block) {
        const int first_query = query_tile * queries_per_block;
        int       seen        = p.keys;
        seen_by_all_          = p.keys;
        halves_meet_          = p.halves_meet;
        if (p.keys_before >= 0) {
            seen_by_all_ = min(p.keys, p.keys_before + first_query + 1);
            seen         = min(p.keys, p.keys_before + min(first_query + queries_per_block, p.queries));
        }
        count_ = (seen + tile_keys - 1) / tile_keys;
        kinds_ = p.tiles == nullptr ? nullptr
                                    : p.tiles + (int64_t(blockIdx.z % p.mask_sequences) * query_tiles + query_tile) *
                                                    int64_t(p.key_tiles);
        find(0);
    }

    __device__ bool    has() const { return tile_ < count_; }
    __device__ int     tile() const { return tile_; }
    __device__ uint8_t kind() const { return kind_; }
    __device__ void    next() {
        if (is_mixed() && half_ == 0) {
            half_ = 1; // the same tile again
        } else {
            find(tile_ + 1);
        }
    }

    // Which half of the keys' numbers is multiplied, where the other has zeros; the keys from `begin` on have them.
    __device__ int half_number() const { return half_; }
    __device__ int begin() const { return half_ == 0 ? 0 : halves_meet_; }
    __device__ int end(int seen) const { return is_mixed() && half_ == 0 ? min(seen, halves_meet_) : seen; }

private:
    __device__ void find(int from) {
        for (tile_ = from; tile_ < count_; ++tile_) {
            kind_ = kinds_ != nullptr                        ? __ldg(kinds_ + tile_)
                    : (tile_ + 1) * tile_keys > seen_by_all_ ? tile_masked
                                                             : tile_seen;
            if (kind_ != tile_hidden) {
                half_ = halves_meet_ >= 0 && tile_ * tile_keys >= halves_meet_ ? 1 : 0;
                kind_ = is_mixed() ? tile_masked : kind_;
                return;
            }
        }
    }

    // Whether some of its keys have zeros in one half, and some in the other.
    __device__ bool is_mixed() const {
        return tile_ * tile_keys < halves_meet_ && (tile_ + 1) * tile_keys > halves_meet_;
    }

    const uint8_t * kinds_;
    int             count_, seen_by_all_, halves_meet_, tile_, half_ = 0;
    uint8_t         kind_ = tile_hidden;
};

// Where things lie in shared memory, and what is waited for.
template <int part_size> struct Shared {
    uint32_t q, k, v;                                          // addresses
    uint32_t full_keys, empty_keys, full_values, empty_values; // of the first slot's barriers

    __device__ uint32_t keys(int slot) const { return k + slot * key_bytes<part_size>; }
    __device__ uint32_t values(int slot) const { return v + slot * value_bytes; }
};

// Which slot comes next, and the parity of the phase in which its barriers are.
template <int part_size> struct Slot {
    int      number = 0;
    uint32_t parity = 0;

    __device__ void next() {
        if (++number == slots<part_size>) {
            number = 0;
            parity ^= 1;
        }
    }
};

// What the copying warpgroup does: a tile's values follow the next tile's keys, as they are read.
template <int part_size> class Copies {
public:
    __device__ Copies(const Parameters & p, const Shared<part_size> & shared, const char * k, const char * v)
        : p_(p), shared_(shared), k_(k), v_(v) {}

    __device__ void run(Tiles tiles) {
        if (!tiles.has()) {
            return;
        }
        keys(tiles);
        while (true) {
            const int tile = tiles.tile();
            tiles.next();
            if (tiles.has()) {
                keys(tiles);
            }
            values(tile);
            if (!tiles.has()) {
                break;
            }
        }
        announce_all();
    }

private:
    // tiles under way at once, beside the one that is begun: with fewer, the products wait for memory
    static constexpr int lag        = 3;
    static constexpr int part_slabs = 128 / slab * tile_keys * 128;

    __device__ void keys(const Tiles & tiles) {
        wait_until_empty(shared_.empty_keys, key_slot_);
        const char * from = k_ + tiles.half_number() * part_size * sizeof(half);
#pragma unroll
        for (int part = 0; part < part_size / 128; ++part) {
            copy(from + part * 128 * sizeof(half), p_.k_row, shared_.keys(key_slot_.number) + part * part_slabs,
                 tiles.tile());
        }
        announce(shared_.full_keys + key_slot_.number * 8);
        key_slot_.next();
    }

    __device__ void values(int tile) {
        wait_until_empty(shared_.empty_values, value_slot_);
        copy(v_, p_.v_row, shared_.values(value_slot_.number), tile);
        announce(shared_.full_values + value_slot_.number * 8);
        value_slot_.next();
    }

    __device__ void wait_until_empty(uint32_t barriers, const Slot<part_size> & slot) {
        const uint32_t barrier = barriers + slot.number * 8;
        if (!has_completed(barrier, slot.parity ^ 1)) {
            announce_all(); // those who shall empty it may wait for what is under way
            wait_for(barrier, slot.parity ^ 1);
        }
    }

    // Copies of `lag` tiles stay under way; those before are there.
    __device__ void announce(uint32_t barrier) {
        commit_copies();
        if (pending_[0] != 0) {
            wait_for_copies<lag>();
            publish_shared();
            arrive(pending_[0]);
        }
#pragma unroll
        for (int i = 0; i + 1 < lag; ++i) {
            pending_[i] = pending_[i + 1];
        }
        pending_[lag - 1] = barrier;
    }

    __device__ void announce_all() {
        wait_for_copies<0>();
        publish_shared();
#pragma unroll
        for (int i = 0; i < lag; ++i) {
            if (pending_[i] != 0) {
                arrive(pending_[i]);
                pending_[i] = 0;
            }
        }
    }

    // 128 numbers of each row. A thread copies the same 16 bytes of every 8th row, so that their places differ by a
    // constant.
    __device__ void copy(const char * from, int64_t row_bytes, uint32_t to, int tile) {
        constexpr int chunks = 16, rows_at_once = 128 / chunks;
        const int     thread = threadIdx.x % 128, row = thread / chunks, chunk = thread % chunks;
        const int     first  = tile * tile_keys + row;
        const char *  source = from + first * row_bytes + chunk * 16;
        to += swizzled<tile_keys>(row, chunk);
#pragma unroll 4
        for (int i = 0; i < tile_keys / rows_at_once; ++i) {
            const bool there = first + i * rows_at_once < p_.keys;
            copy_16_bytes(to + i * rows_at_once * 128, there ? source : from, there);
            source += rows_at_once * row_bytes;
        }
    }

    const Parameters &        p_;
    const Shared<part_size> & shared_;
    const char *              k_;
    const char *              v_;
    Slot<part_size>           key_slot_, value_slot_;
    uint32_t                  pending_[lag] = {};
};

#endif // defined(__CUDA_ARCH_FEAT_SM90_ALL)

} // namespace longembed
