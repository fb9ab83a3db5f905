// Floats as sums of BF16 numbers, compiled once for each instruction set; see simd.h.
//
// A BF16 number has 8 bits of precision, so a float is the sum of three of them and nearly of two: what two leave is at
// most 2^-17 of it. An F16 is exactly two (11 bits).

#pragma once

#include "simd.h"

namespace longembed {

namespace {

/// Numbers that are split at once, into 16 words: word j holds numbers j and j + 16. Any order will do where both
/// factors of a product have the same, and this one takes no instruction that moves numbers between lanes.
constexpr int64_t split_numbers = 32;
constexpr int64_t split_words   = split_numbers / 2;

constexpr uint32_t upper_half = 0xffff0000;

/// x whose upper half is the nearest BF16 number; of two that are equally near, the one further from zero.
inline Words nearest(Vector x) {
    return same_bits<Words>(x) + 0x8000;
}

/// The same, but of two that are equally near the even one, as where numbers are stored in BF16.
inline Words nearest_even(Vector x) {
    return same_bits<Words>(x) + 0x7fff + ((same_bits<Words>(x) >> 16) & 1);
}

/// Splits numbers `low` and `high` into words of their first, second … parts.
template <int parts> inline void split(Vector low, Vector high, Vector (&words)[parts]) {
    for (int part = 0; part < parts; ++part) {
        const Words of_low  = parts == 1 ? nearest_even(low) : nearest(low);
        const Words of_high = parts == 1 ? nearest_even(high) : nearest(high);
        words[part]         = same_bits<Vector>((of_low >> 16) | (of_high & upper_half));
        if (part + 1 < parts) {
            low -= same_bits<Vector>(of_low & upper_half);
            high -= same_bits<Vector>(of_high & upper_half);
        }
    }
}

/// Numbers at … at + 31 of a row of `count`, in place or, where the row ends before them, in `room` with zeros behind.
inline const float * numbers_of_block(const float * row, int64_t at, int64_t count, float * room) {
    if (at + split_numbers <= count) {
        return row + at;
    }
    __builtin_memset(room, 0, split_numbers * sizeof(float));
    __builtin_memcpy(room, row + at, (count - at) * sizeof(float));
    return room;
}

/// Splits 32 numbers each of 16 rows into tiles of 16 words × 16 rows, one for each part.
/// @param to           the first part's tile
/// @param part_stride  floats from one part's tile to the next
template <int parts> void split_columns(const float * const (&rows)[16], float * to, int64_t part_stride) {
    for (int64_t word = 0; word < split_words; word += width) {
        for (int64_t column = 0; column < 16; column += width) {
            Vector squares[parts][width];
            for (int i = 0; i < width; ++i) {
                Vector        words[parts];
                const float * numbers = rows[column + i] + word;
                split(load(numbers), load(numbers + split_words), words);
                for (int part = 0; part < parts; ++part) {
                    squares[part][i] = words[part];
                }
            }
            for (int part = 0; part < parts; ++part) {
                transpose(squares[part]);
                for (int i = 0; i < width; ++i) {
                    store(to + part * part_stride + (word + i) * 16 + column, squares[part][i]);
                }
            }
        }
    }
}

} // namespace

} // namespace longembed
