// Quantized weights as the micro-kernel takes them, compiled once for each instruction set; see simd.h. The layouts of
// blocks are ggml's (ggml-common.h).
//
// A vector holds the same four bytes of `width` outputs, so that what is transposed are the quants, of which a word
// holds four or eight, and not the floats that they become.

#pragma once

#include "convert_body.h"
#include "gemm.h"
#include "simd.h"

namespace longembed {

namespace {

/// The first lanes of a vector; the others are 0.
template <int count> inline Vector load_words(const char * from) {
    Vector v = {};
    __builtin_memcpy(&v, from, count * sizeof(uint32_t));
    return v;
}

/// The same block of `width` outputs. Past the last output the row before it takes its place.
struct BlockColumn {
    const char * rows[width];
    int64_t      outputs; ///< that there are

    /// Halves, which lie `byte` bytes from a block's beginning, as floats; 0 past the last output.
    Vector halves(int64_t byte) const {
        uint16_t bits[width] = {};
        for (int64_t i = 0; i < outputs; ++i) {
            __builtin_memcpy(bits + i, rows[i] + byte, sizeof(bits[i]));
        }
        return load_f16(bits);
    }

    /// Words from `byte` on: to[w] has word w of each output.
    template <int count> void words(int64_t byte, Words (&to)[count]) const {
        constexpr int at_once = count < width ? count : width;
        static_assert(count % at_once == 0, "");
        for (int first = 0; first < count; first += at_once) {
            Vector square[width];
            for (int i = 0; i < width; ++i) {
                square[i] = load_words<at_once>(rows[i] + byte + first * sizeof(uint32_t));
            }
            transpose(square);
            for (int i = 0; i < at_once; ++i) {
                to[first + i] = same_bits<Words>(square[i]);
            }
        }
    }
};

inline Vector to_floats(Words numbers) {
    return to_floats(same_bits<Bits>(numbers));
}

/// Byte i of each word, as a number with a sign.
inline Vector signed_bytes(Words words, int i) {
    return to_floats(same_bits<Bits>(words << (24 - 8 * i)) >> 24);
}

/// Of the K-quants with offsets, 32 weights have a scale and an offset each: q · scale − offset.
struct SubBlocks {
    Vector scales[8];
    Vector offsets[8];

    /// @param packed  12 bytes of 16 numbers of 6 bits: the first four of each kind, and the others where they have
    /// room
    SubBlocks(Vector d, Vector d_of_offsets, const Words (&packed)[3]) {
        for (int i = 0; i < 4; ++i) {
            const Words scale  = packed[0] >> (8 * i);
            const Words offset = packed[1] >> (8 * i);
            const Words rest   = packed[2] >> (8 * i);
            scales[i]          = d * to_floats(scale & 63);
            offsets[i]         = d_of_offsets * to_floats(offset & 63);
            scales[i + 4]      = d * to_floats((rest & 15) | (scale >> 2 & 48));
            offsets[i + 4]     = d_of_offsets * to_floats((rest >> 4 & 15) | (offset >> 2 & 48));
        }
    }

    /// Writes four weights of each output, of sub-block `number`, whose quants are the bytes of `quants`.
    void write(int number, Words quants, float * to) const {
        for (int i = 0; i < 4; ++i) {
            store(to + i * nr, to_floats(quants >> (8 * i) & 255) * scales[number] - offsets[number]);
        }
    }
};

constexpr uint32_t nibbles = 0x0f0f0f0f; // the lower one of each byte

/// Writes four weights of each output, whose quants are the bytes of `quants`, without what each has too much.
inline void write_shifted(Vector scale, Words quants, int32_t too_much, float * to) {
    for (int i = 0; i < 4; ++i) {
        store(to + i * nr, to_floats(same_bits<Bits>(quants >> (8 * i) & 255) - too_much) * scale);
    }
}

void unpack_q4_0(const BlockColumn & block, float * to) {
    const Vector scale = block.halves(0);
    Words        quants[4];
    block.words(2, quants);
    for (int word = 0; word < 4; ++word) {
        write_shifted(scale, quants[word] & nibbles, 8, to + 4 * word * nr);
        write_shifted(scale, quants[word] >> 4 & nibbles, 8, to + (16 + 4 * word) * nr);
    }
}

void unpack_q8_0(const BlockColumn & block, float * to) {
    const Vector scale = block.halves(0);
    Words        quants[8];
    block.words(2, quants);
    for (int word = 0; word < 8; ++word) {
        for (int i = 0; i < 4; ++i) {
            store(to + (4 * word + i) * nr, signed_bytes(quants[word], i) * scale);
        }
    }
}

/// @tparam high_bits  bytes of fifth bits: 32 in Q5_K, none in Q4_K
template <int high_bits> void unpack_with_offsets(const BlockColumn & block, float * to) {
    Words packed[4]; // of which the last three are meant
    block.words(0, packed);
    const Words     scales[3] = {packed[1], packed[2], packed[3]};
    const SubBlocks of(block.halves(0), block.halves(2), scales);
    Words           high[8] = {};
    if constexpr (high_bits > 0) {
        block.words(16, high);
    }
    Words quants[32];
    block.words(16 + high_bits, quants);
    for (int pair = 0; pair < 4; ++pair) {
        for (int word = 0; word < 8; ++word) {
            const Words both  = quants[8 * pair + word];
            Words       lower = both & nibbles;
            Words       upper = both >> 4 & nibbles;
            if constexpr (high_bits > 0) {
                lower |= (high[word] >> (2 * pair) & 0x01010101) << 4;
                upper |= (high[word] >> (2 * pair + 1) & 0x01010101) << 4;
            }
            of.write(2 * pair, lower, to + (64 * pair + 4 * word) * nr);
            of.write(2 * pair + 1, upper, to + (64 * pair + 32 + 4 * word) * nr);
        }
    }
}

void unpack_q6_k(const BlockColumn & block, float * to) {
    constexpr uint32_t pairs = 0x03030303; // the lowest two bits of each byte
    Words              low[32];
    Words              high[16];
    Words              packed[4];
    block.words(0, low);
    block.words(128, high);
    block.words(192, packed);
    const Vector d = block.halves(208);
    Vector       scales[16];
    for (int i = 0; i < 16; ++i) {
        scales[i] = d * signed_bytes(packed[i / 4], i % 4);
    }
    for (int half = 0; half < 2; ++half) {
        for (int word = 0; word < 8; ++word) {
            const Words    a     = low[16 * half + word];
            const Words    b     = low[16 * half + 8 + word];
            const Words    bits  = high[8 * half + word];
            const Vector * scale = scales + 8 * half + word / 4;
            float *        first = to + (128 * half + 4 * word) * nr;
            write_shifted(scale[0], (a & nibbles) | (bits & pairs) << 4, 32, first);
            write_shifted(scale[2], (b & nibbles) | (bits >> 2 & pairs) << 4, 32, first + 32 * nr);
            write_shifted(scale[4], (a >> 4 & nibbles) | (bits >> 4 & pairs) << 4, 32, first + 64 * nr);
            write_shifted(scale[6], (b >> 4 & nibbles) | (bits >> 6 & pairs) << 4, 32, first + 96 * nr);
        }
    }
}

/// Writes a block of `width` outputs: a vector of them for each input, nr floats apart.
using Unpack = void (*)(const BlockColumn & block, float * to);

/// Null for types that are dequantized by ggml.
inline Unpack unpack_for(WeightFormat format) {
    if (pack_factor > 1) {
        return nullptr; // words are pairs
    }
    switch (format) {
        case WeightFormat::q4_0: return unpack_q4_0;
        case WeightFormat::q8_0: return unpack_q8_0;
        case WeightFormat::q4_k: return unpack_with_offsets<0>;
        case WeightFormat::q5_k: return unpack_with_offsets<32>;
        case WeightFormat::q6_k: return unpack_q6_k;
        default: return nullptr;
    }
}

/// Unpacks inputs k … k + depth − 1 of outputs out … out + width − 1.
void unpack_weights(Unpack unpack, const GemmTile & t, int64_t out, int64_t k, int64_t depth, float * to) {
    BlockColumn column;
    column.outputs = t.n - out < 0 ? 0 : smaller(width, t.n - out);
    for (int64_t i = 0; i < width; ++i) {
        const int64_t row = smaller(out + i, t.n - 1);
        column.rows[i]    = t.weights + row * t.weight_stride + k / t.block * t.block_bytes;
    }
    for (int64_t input = 0; input < depth; input += t.block) {
        for (const char * row : column.rows) { // of later outputs: they come from main memory
            prefetch(row + 2 * width * t.weight_stride, t.block_bytes);
        }
        unpack(column, to + input * nr);
        for (const char *& row : column.rows) {
            row += t.block_bytes;
        }
    }
}

} // namespace

} // namespace longembed
