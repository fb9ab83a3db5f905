#pragma once

#include <cstdint>
#include <vector>

namespace longembed {

/// What bounds the difference between a row of floats x and `scale` times its codes c. lib/native/types.ts has the same
/// three numbers a row.
struct CodeFacts {
    float scale;
    float residual; ///< at least ‖x − scale · c‖; infinite for rows whose products may overflow floats
    float norm;     ///< at least ‖scale · c‖
};

/// Rounds rows of floats to codes of 8 bits with a scale a row.
/// @param rows    [count][size], finite
/// @param codes   [count][size]
/// @param facts   [count]
void quantize_rows(const float * rows, int64_t count, int64_t size, int8_t * codes, CodeFacts * facts);

/// A query in codes of 16 bits, and what bounds the products of its codes with rows'.
class QuantizedQuery {
public:
    /// @param query  [size], finite
    QuantizedQuery(const float * query, int64_t size);

    const int16_t * codes() const { return codes_.data(); }

    /// Bounds of what `dot_products` gives for the query and a row.
    /// @param product  of the row's codes and the query's
    void bound(int64_t product, const CodeFacts & row, float & lower, float & upper) const;

private:
    std::vector<int16_t> codes_;
    double               scale_;    ///< of the codes
    double               norm_;     ///< at least ‖query‖
    double               residual_; ///< at least ‖query − scale · codes‖
};

} // namespace longembed
