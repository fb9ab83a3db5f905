#pragma once

#include <cstdint>

namespace longembed {

/// Largest magnitude of a row's codes and of a query's, so that neither has a value without its negative.
constexpr int max_row_code   = 127;
constexpr int max_query_code = 32767;

/// products [rows] = Σ codes [row][i] · query [i], exactly. Rows of `size` codes are contiguous.
using CodeDotKernel = void (*)(const int8_t * codes, int64_t rows, const int16_t * query, int64_t size,
                               int64_t * products);

} // namespace longembed
