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

/// The part of x that a BF16 number holds, rounded to the nearest; of two that are equally near, to the one further
/// from zero.
inline Bits nearest_part(Vector x) {
    Bits bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    return (bits + 0x8000) & static_cast<int32_t>(0xffff0000);
}

/// The same, but of two that are equally near to the even one, as where numbers are stored in BF16.
inline Bits nearest_even_part(Vector x) {
    Bits bits;
    __builtin_memcpy(&bits, &x, sizeof(bits));
    return (bits + 0x7fff + ((bits >> 16) & 1)) & static_cast<int32_t>(0xffff0000);
}

/// Splits numbers `low` and `high` into words of their first, second … parts.
template <int parts> inline void split(Vector low, Vector high, Vector (&words)[parts]) {
    for (int part = 0; part < parts; ++part) {
        const Bits of_low  = parts == 1 ? nearest_even_part(low) : nearest_part(low);
        const Bits of_high = parts == 1 ? nearest_even_part(high) : nearest_part(high);
        const Bits word    = ((of_low >> 16) & 0xffff) | of_high;
        __builtin_memcpy(&words[part], &word, sizeof(word));
        if (part + 1 < parts) {
            Vector part_low;
            Vector part_high;
            __builtin_memcpy(&part_low, &of_low, sizeof(of_low));
            __builtin_memcpy(&part_high, &of_high, sizeof(of_high));
            low -= part_low;
            high -= part_high;
        }
    }
}

} // namespace

} // namespace longembed
