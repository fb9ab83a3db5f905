#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "packed_batch.h"

namespace longembed {

/// Means over ranges of tokens, summed in double precision as blocks of rows arrive. Ranges may overlap; only the sums
/// of those that have begun and not ended are held.
class MeanPooling {
public:
    /// @param ranges  ordered by their first token; they must outlive this
    /// @param out     [ranges][dimensions] gets each range's mean at its row
    MeanPooling(const std::vector<PooledRange> & ranges, int64_t dimensions, float * out);

    /// @param rows   [dimensions, tokens] of packed tokens first … first + tokens − 1; blocks come in packed order
    void add(const float * rows, int64_t first, int64_t tokens);

private:
    struct Sum {
        const PooledRange * range;
        std::vector<double> numbers; ///< [dimensions]
    };

    void begin(const PooledRange & range);
    void write(const Sum & sum) const;

    const std::vector<PooledRange> & ranges_;
    const int64_t                    dimensions_;
    float *                          out_;
    size_t                           next_ = 0; ///< the range that begins next
    std::vector<Sum>                 open_;
    std::vector<Sum>                 closed_; ///< kept for their memory
};

} // namespace longembed
