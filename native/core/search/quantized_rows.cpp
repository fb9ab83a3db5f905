#include "quantized_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/code_dot.h"

namespace longembed {

namespace {

/// Error of a product of rows as `dot_products` computes it, as a share of ‖row‖ ‖query‖. Its sums of floats have at
/// most 17 roundings each (kernels/dot.h) and the result one, 1.1e-6 in all; the rest covers the roundings of the
/// bounds themselves.
constexpr double product_error = 2e-6;

/// Roundings of a double's or a float's result, also where numbers are too small for their full precision.
constexpr double round_up        = 1.0 + 1e-6;
constexpr double smallest_margin = 1e-30;

/// Rows with numbers beyond this are never bounded: products of such rows could overflow floats.
constexpr float max_bounded = 1e15f;

float largest_magnitude(const float * numbers, int64_t size) {
    float largest = 0.0f;
    for (int64_t i = 0; i < size; ++i) {
        largest = std::max(largest, std::fabs(numbers[i]));
    }
    return largest;
}

/// The nearest whole number for magnitudes below 2^22, without a call of the C library.
float nearest_whole(float number) {
    constexpr float shift = 12582912.0f; // 1.5 · 2^23: the sum's last bit is worth 1
    return (number + shift) - shift;
}

struct Norms {
    double numbers;  ///< ‖x‖
    double coded;    ///< ‖scale · c‖
    double residual; ///< ‖x − scale · c‖
};

/// Rounds numbers to codes of at most `max` in magnitude. Whatever the codes, the norms are those of these codes.
template <typename Code> Norms quantize(const float * numbers, int64_t size, float scale, int max, Code * codes) {
    const float inverse = scale > 0.0f ? 1.0f / scale : 0.0f;
    const auto  limit   = static_cast<float>(max);
    Norms       squares{};
    for (int64_t i = 0; i < size; ++i) {
        const float  code  = std::clamp(nearest_whole(std::clamp(numbers[i] * inverse, -limit, limit)), -limit, limit);
        const double coded = static_cast<double>(scale) * code; // exact: at most 24 + 16 bits
        const double residual = numbers[i] - coded;
        codes[i]              = static_cast<Code>(code);
        squares.numbers += static_cast<double>(numbers[i]) * numbers[i];
        squares.coded += coded * coded;
        squares.residual += residual * residual;
    }
    return {std::sqrt(squares.numbers), std::sqrt(squares.coded), std::sqrt(squares.residual)};
}

/// 0 where the inverse would not be finite: then all codes are 0, and the residual is the row.
float scale_for(float largest, int max) {
    const float scale = largest / static_cast<float>(max);
    return scale >= std::numeric_limits<float>::min() * 4.0f ? scale : 0.0f;
}

} // namespace

void quantize_rows(const float * rows, int64_t count, int64_t size, int8_t * codes, CodeFacts * facts) {
    for (int64_t row = 0; row < count; ++row) {
        const float * numbers = rows + row * size;
        const float   largest = largest_magnitude(numbers, size);
        const float   scale   = scale_for(largest, max_row_code);
        const Norms   norms   = quantize(numbers, size, scale, max_row_code, codes + row * size);
        const auto    bound   = [largest](double norm) {
            return largest <= max_bounded ? static_cast<float>(norm * round_up)
                                               : std::numeric_limits<float>::infinity();
        };
        facts[row] = {scale, bound(norms.residual), bound(norms.coded)};
    }
}

QuantizedQuery::QuantizedQuery(const float * query, int64_t size) : codes_(size) {
    const float largest = largest_magnitude(query, size);
    const float scale   = scale_for(largest, max_query_code);
    const Norms norms   = quantize(query, size, scale, max_query_code, codes_.data());
    scale_              = scale;
    norm_               = norms.numbers * round_up;
    residual_           = largest <= max_bounded ? norms.residual * round_up : std::numeric_limits<double>::infinity();
}

void QuantizedQuery::bound(int64_t product, const CodeFacts & row, float & lower, float & upper) const {
    const double estimate = scale_ * row.scale * static_cast<double>(product);
    // x·q = (s c + e)·q with s c · q = s c · (q's codes) + s c · (q's residual); then the product's own roundings, and
    // those of the two results to floats.
    double margin = norm_ * row.residual + residual_ * row.norm + product_error * norm_ * (row.norm + row.residual);
    margin        = margin * round_up + std::fabs(estimate) * 1.2e-7 + smallest_margin;
    if (!std::isfinite(margin)) {
        lower = -std::numeric_limits<float>::infinity();
        upper = std::numeric_limits<float>::infinity();
        return;
    }
    lower = static_cast<float>(estimate - margin);
    upper = static_cast<float>(estimate + margin);
}

} // namespace longembed
