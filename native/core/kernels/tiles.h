// The tiles of Intel's AMX: eight registers of 16 rows × 64 bytes, and the product of two of them in BF16.
//
// A thread writes Tiles in_use; and then names tiles by their numbers, which must be constants.
// LONGEMBED_TILES_EMULATED computes the same bits without AMX, so that whatever is written over tiles can be tested on
// any machine.

#pragma once

#include "simd.h"

namespace longembed {

namespace {

constexpr int64_t tile_rows  = 16;
constexpr int64_t tile_words = 16; ///< 32-bit words in a row: floats, or pairs of BF16 numbers
constexpr int64_t tile_area  = tile_rows * tile_words;

// The three operations over tiles:
//   clear_tile<t>()            fills it with zeros
//   load_tile<t>(from)         [16][16] words in one piece
//   store_tile<t>(to)          likewise
//   multiply_tiles<c, a, b>()  c [16][16] floats += a [16][16] pairs · b [16 pairs][16]: a row of `a` has 32 numbers,
//   and
//                              row i of `b` the two by which each row's pair i is multiplied, for 16 columns

#if !defined(LONGEMBED_TILES_EMULATED)

// In assembly, since GCC 12's intrinsics are macros and its `_tile_loadconfig` does not say that it reads memory: the
// stores that fill the configuration are then dropped, and the instruction faults.

/// While it lives, the calling thread may use the tiles.
class Tiles {
public:
    Tiles() {
        struct alignas(64) Configuration {
            uint8_t  palette;
            uint8_t  start_row;
            uint8_t  reserved[14];
            uint16_t row_bytes[16];
            uint8_t  rows[16];
        };
        volatile Configuration all_whole = {};
        all_whole.palette                = 1;
        for (int tile = 0; tile < 8; ++tile) {
            all_whole.row_bytes[tile] = tile_words * sizeof(float);
            all_whole.rows[tile]      = tile_rows;
        }
        asm volatile("ldtilecfg %0" : : "m"(all_whole) : "memory");
    }

    /// Tiles in use would be saved and restored at every change of threads.
    ~Tiles() { asm volatile("tilerelease" : : : "memory"); }

    Tiles(const Tiles &)             = delete;
    Tiles & operator=(const Tiles &) = delete;
};

template <int tile> inline void clear_tile() {
    asm volatile("tilezero %%tmm%c0" : : "i"(tile));
}

template <int tile> inline void load_tile(const float * from) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0"
                 :
                 : "i"(tile), "r"(from), "r"(tile_words * sizeof(float)),
                   "m"(*reinterpret_cast<const float(*)[tile_area]>(from)));
}

template <int tile> inline void store_tile(float * to) {
    asm volatile("tilestored %%tmm%c1, (%2,%3,1)"
                 : "=m"(*reinterpret_cast<float(*)[tile_area]>(to))
                 : "i"(tile), "r"(to), "r"(tile_words * sizeof(float)));
}

template <int c, int a, int b> inline void multiply_tiles() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(c), "i"(a), "i"(b));
}

/// After some 2,000 cycles without a 512-bit operation on floats a store of a tile waits for 250 ns, until the vector
/// unit has woken up. Once between products is enough.
inline void keep_vectors_awake() {
    asm volatile("vpxord %%zmm31, %%zmm31, %%zmm31\n\tvfmadd231ps %%zmm31, %%zmm31, %%zmm31" : : : "xmm31");
}

#else

struct alignas(64) EmulatedTile {
    float words[tile_area];
};

inline EmulatedTile & emulated_tile(int number) {
    static thread_local EmulatedTile tiles[8];
    return tiles[number];
}

class Tiles {
public:
    Tiles() {
        for (int tile = 0; tile < 8; ++tile) {
            emulated_tile(tile) = {};
        }
    }
    ~Tiles() {} // not trivial, so that no variable of this type seems unused
};

template <int tile> inline void clear_tile() {
    emulated_tile(tile) = {};
}

template <int tile> inline void load_tile(const float * from) {
    __builtin_memcpy(emulated_tile(tile).words, from, sizeof(EmulatedTile));
}

template <int tile> inline void store_tile(float * to) {
    __builtin_memcpy(to, emulated_tile(tile).words, sizeof(EmulatedTile));
}

/// Numbers below the smallest normal one become zeros of their sign, before every operation and after it.
inline Vector flushed(Vector x) {
    const Bits bits = same_bits<Bits>(x);
    return same_bits<Vector>(bits & (((bits & 0x7fffffff) >= 0x00800000) | INT32_MIN));
}

/// The first numbers of BF16 pairs, which are the words' lower halves, and the second ones.
inline Vector first_of_pairs(Vector words) {
    return flushed(same_bits<Vector>(same_bits<Bits>(words) << 16));
}
inline Vector second_of_pairs(Vector words) {
    return flushed(same_bits<Vector>(same_bits<Bits>(words) & static_cast<int32_t>(0xffff0000)));
}

/// By the definition of TDPBF16PS in Intel's manual: the pairs' first numbers and their second ones are added up apart,
/// from zero, each product and sum rounded once; then both sums together, and what the tile holds.
inline void emulated_product(EmulatedTile & c, const EmulatedTile & a, const EmulatedTile & b) {
    EmulatedTile first;
    EmulatedTile second;
    EmulatedTile b_first;
    EmulatedTile b_second;
    for (int64_t i = 0; i < tile_area; i += width) {
        store(first.words + i, first_of_pairs(load(a.words + i)));
        store(second.words + i, second_of_pairs(load(a.words + i)));
        store(b_first.words + i, first_of_pairs(load(b.words + i)));
        store(b_second.words + i, second_of_pairs(load(b.words + i)));
    }
    for (int64_t row = 0; row < tile_rows; ++row) {
        for (int64_t column = 0; column < tile_words; column += width) {
            Vector of_first  = {};
            Vector of_second = {};
            for (int64_t i = 0; i < tile_words; ++i) {
                const int64_t at = i * tile_words + column;
                of_first         = flushed(of_first + first.words[row * tile_words + i] * load(b_first.words + at));
                of_second        = flushed(of_second + second.words[row * tile_words + i] * load(b_second.words + at));
            }
            float * sums = c.words + row * tile_words + column;
            store(sums, flushed(flushed(load(sums)) + flushed(of_first + of_second)));
        }
    }
}

template <int c, int a, int b> inline void multiply_tiles() {
    emulated_product(emulated_tile(c), emulated_tile(a), emulated_tile(b));
}

inline void keep_vectors_awake() {}

#endif

} // namespace

} // namespace longembed
