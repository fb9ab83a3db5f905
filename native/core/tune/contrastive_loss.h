#pragma once

#include <cstdint>
#include <vector>

#include "graph/thread_team.h"

namespace longembed {

/// Vectors of queries and of the texts they are compared with, and which of those is right: text i for query i.
struct Contrast {
    const double *  vectors = nullptr; ///< [queries + candidates][size], of any length: queries first, then candidates
    const int32_t * ids     = nullptr; ///< [queries + candidates]: equal for equal texts
    int64_t         queries = 0;
    int64_t         candidates  = 0; ///< at least as many: a positive for each query in order, then negatives
    int64_t         size        = 0;
    double          temperature = 0.01;

    int64_t texts() const { return queries + candidates; }
};

/// How well queries find their texts.
struct ContrastFigures {
    double loss     = 0.0; ///< the mean of InfoNCE: −ln of the right text's share of Σ e^(cosine / temperature)
    double accuracy = 0.0; ///< the share of queries whose text comes first
    double reciprocal_rank = 0.0; ///< the mean of 1 / rank
};

/// InfoNCE (arXiv 1807.03748) over cosines, with every other query's text and all negatives as negatives. A candidate
/// is left out where it is the right text once more, or the text of a query that is the same.
/// @param gradients  receives the gradient by each vector, [texts][size], unless it is null
ContrastFigures contrast(const Contrast & of, double * gradients, ThreadTeam & team);

} // namespace longembed
