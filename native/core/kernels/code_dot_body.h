// Dot products of rows of 8-bit codes with a query of 16-bit codes, compiled once for each instruction set.
//
// A plain loop on purpose: compilers turn it into multiplications of pairs (pmaddwd, smlal), and one row at a time is
// what memory is read fastest by.

#include "code_dot.h"

namespace longembed {

namespace {

// products whose sum always fits 32 bits
constexpr int64_t code_dot_chunk = 512;
static_assert(code_dot_chunk * max_row_code * max_query_code < int64_t{1} << 31, "a chunk's sum fits 32 bits");

inline void code_dot(const int8_t * codes, int64_t rows, const int16_t * query, int64_t size, int64_t * products) {
    for (int64_t row = 0; row < rows; ++row, codes += size) {
        int64_t product = 0;
        for (int64_t i = 0; i < size;) {
            const int64_t stop = i + code_dot_chunk < size ? i + code_dot_chunk : size;
            int32_t       sum  = 0;
            for (; i < stop; ++i) {
                const int16_t code = codes[i];
                sum += static_cast<int32_t>(code) * static_cast<int32_t>(query[i]);
            }
            product += sum;
        }
        products[row] = product;
    }
}

} // namespace

} // namespace longembed
