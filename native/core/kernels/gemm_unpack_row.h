// Weights of one row as floats, 32 at a time, compiled once for each instruction set; see simd.h. The layouts of blocks
// are ggml's (ggml-common.h). gemm_unpack.h reads the same blocks of several rows at once.

#pragma once

#include "convert_body.h"
#include "gemm.h"
#include "simd.h"

namespace longembed {

namespace {

/// Weights that are read at once. No scale changes within the first 16 of them, nor within the others.
constexpr int64_t run_numbers = 32;

/// Bytes as whole numbers without a sign.
inline Bits load_bytes(const char * from) {
#if defined(__AVX512F__) && LONGEMBED_VECTOR_FLOATS == 16
    return same_bits<Bits>(
        _mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i *>(from))));
#elif defined(__AVX2__) && LONGEMBED_VECTOR_FLOATS == 8
    return same_bits<Bits>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from))));
#else
    typedef uint8_t Bytes __attribute__((vector_size(LONGEMBED_VECTOR_FLOATS)));
    Bytes           bytes;
    __builtin_memcpy(&bytes, from, sizeof(bytes));
    return __builtin_convertvector(bytes, Bits);
#endif
}

inline Vector half_to_all(const char * from) {
    uint16_t bits;
    __builtin_memcpy(&bits, from, sizeof(bits));
    uint16_t lanes[width];
    for (uint16_t & lane : lanes) {
        lane = bits;
    }
    return load_f16(lanes);
}

template <typename Body, int... number> inline void for_each_number(Body body, std::integer_sequence<int, number...>) {
    (body(std::integral_constant<int, number>()), ...);
}

/// Calls body(n) for n = 0 … 7, as constants: by which bits are shifted is then a part of the instruction.
template <typename Body> inline void for_each_eighth(Body body) {
    for_each_number(body, std::make_integer_sequence<int, 8>());
}

// Each of the functions below calls use(low, high) for every 32 weights of a block, in order, where low(i) is a vector
// of the first 16 weights from the i-th on, and high(i) of the others.

template <typename Use> inline void read_q4_0(const char * block, Use use) {
    const Vector scale = half_to_all(block);
    use([&](int64_t i) { return to_floats((load_bytes(block + 2 + i) & 15) - 8) * scale; },
        [&](int64_t i) { return to_floats((load_bytes(block + 2 + i) >> 4) - 8) * scale; });
}

template <typename Use> inline void read_q8_0(const char * block, Use use) {
    const Vector scale   = half_to_all(block);
    const auto   numbers = [&](int64_t i) { return to_floats(load_bytes(block + 2 + i) << 24 >> 24) * scale; };
    use(numbers, [&](int64_t i) { return numbers(16 + i); });
}

/// Scales and offsets of 32 weights each, of Q4_K and Q5_K: q · scale − offset.
struct SubBlockNumbers {
    uint8_t scales[8];
    uint8_t offsets[8];

    /// @param packed  12 bytes of 16 numbers of 6 bits: the first four of each kind, and the others where they have
    /// room
    explicit SubBlockNumbers(const char * packed) {
        uint32_t words[3];
        __builtin_memcpy(words, packed, sizeof(words));
        const uint32_t six_bits  = 0x3f3f3f3f;
        const uint32_t four_bits = 0x0f0f0f0f;
        const uint32_t two_bits  = 0x30303030;
        const uint32_t all_of[4] = {words[0] & six_bits, (words[2] & four_bits) | (words[0] >> 2 & two_bits),
                                    words[1] & six_bits, (words[2] >> 4 & four_bits) | (words[1] >> 2 & two_bits)};
        __builtin_memcpy(scales, all_of, sizeof(scales));
        __builtin_memcpy(offsets, all_of + 2, sizeof(offsets));
    }
};

/// @tparam high_bits  bytes of fifth bits: 32 in Q5_K, none in Q4_K
template <int high_bits, typename Use> inline void read_with_offsets(const char * block, Use use) {
    const Vector          scale_of_scales  = half_to_all(block);
    const Vector          scale_of_offsets = half_to_all(block + 2);
    const SubBlockNumbers of(block + 4);
    const char *          high   = block + 16;
    const char *          quants = high + high_bits;
    for_each_eighth([&](auto constant) {
        constexpr int number  = constant;
        const Vector  scale   = scale_of_scales * static_cast<float>(of.scales[number]);
        const Vector  offset  = scale_of_offsets * static_cast<float>(of.offsets[number]);
        const auto    numbers = [&](int64_t i) {
            Bits q = load_bytes(quants + number / 2 * 32 + i) >> (number % 2 * 4) & 15;
            if constexpr (high_bits > 0) {
                q |= (load_bytes(high + i) >> number & 1) << 4;
            }
            return to_floats(q) * scale - offset;
        };
        use(numbers, [&](int64_t i) { return numbers(16 + i); });
    });
}

template <typename Use> inline void read_q6_k(const char * block, Use use) {
    const char * low    = block;
    const char * high   = block + 128;
    const auto * scales = reinterpret_cast<const int8_t *>(block + 192);
    const Vector scale  = half_to_all(block + 208);
    for_each_eighth([&](auto constant) {
        constexpr int number  = constant;
        constexpr int quarter = number % 4; // of 128 weights, whose upper bits are in the same 32 bytes
        const auto    numbers = [&](int64_t i) {
            const Bits lower = load_bytes(low + number / 4 * 64 + quarter % 2 * 32 + i) >> (quarter / 2 * 4) & 15;
            const Bits upper = load_bytes(high + number / 4 * 32 + i) >> (2 * quarter) & 3;
            return to_floats((lower | upper << 4) - 32);
        };
        const Vector first  = scale * static_cast<float>(scales[2 * number]);
        const Vector second = scale * static_cast<float>(scales[2 * number + 1]);
        use([&](int64_t i) { return numbers(i) * first; }, [&](int64_t i) { return numbers(16 + i) * second; });
    });
}

/// Calls use(low, high) for every 32 of the weights that begin at `weights`, as long as whole 32 are left.
/// @return how many weights were read: none of types that only ggml dequantizes
template <typename Use> inline int64_t read_row(const GemmTile & t, const char * weights, int64_t count, Use use) {
    const int64_t whole  = count / run_numbers * run_numbers;
    const auto    blocks = [&](auto read) {
        for (int64_t i = 0; i < count; i += t.block, weights += t.block_bytes) {
            read(weights, use);
        }
        return count;
    };
    const auto each = [&](auto numbers_from) {
        for (int64_t first = 0; first < whole; first += run_numbers) {
            use([&](int64_t i) { return numbers_from(first + i); },
                [&](int64_t i) { return numbers_from(first + 16 + i); });
        }
        return whole;
    };
    const auto * shorts = reinterpret_cast<const uint16_t *>(weights);
    switch (t.format) {
        case WeightFormat::f32:
            return each([&](int64_t i) { return load(reinterpret_cast<const float *>(weights) + i); });
        case WeightFormat::f16: return each([&](int64_t i) { return load_f16(shorts + i); });
        case WeightFormat::bf16: return each([&](int64_t i) { return load_bf16(shorts + i); });
        case WeightFormat::q4_0: return blocks([](const char * block, Use to) { read_q4_0(block, to); });
        case WeightFormat::q8_0: return blocks([](const char * block, Use to) { read_q8_0(block, to); });
        case WeightFormat::q4_k: return blocks([](const char * block, Use to) { read_with_offsets<0>(block, to); });
        case WeightFormat::q5_k: return blocks([](const char * block, Use to) { read_with_offsets<32>(block, to); });
        case WeightFormat::q6_k: return blocks([](const char * block, Use to) { read_q6_k(block, to); });
        default: return 0;
    }
}

/// Writes `count` weights as floats, if they are a whole number of 32 of a type that read_row() knows. Flattened, since
/// GCC would make calls of some types' functions for a vector of numbers, at twice the time.
__attribute__((flatten)) inline bool unpack_row(const GemmTile & t, const char * weights, int64_t count, float * to) {
    return count % run_numbers == 0 && read_row(t, weights, count, [&](auto low, auto high) {
                                           for (int64_t i = 0; i < run_numbers / 2; i += width) {
                                               store(to + i, low(i));
                                               store(to + run_numbers / 2 + i, high(i));
                                           }
                                           to += run_numbers;
                                       }) == count;
}

} // namespace

} // namespace longembed
