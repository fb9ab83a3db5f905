#include "contrastive_loss.h"

#include <algorithm>
#include <cmath>

namespace longembed {

namespace {

double product(const double * a, const double * b, int64_t size) {
    constexpr int lanes       = 4;
    double        sums[lanes] = {};
    int64_t       i           = 0;
    for (; i + lanes <= size; i += lanes) {
        for (int lane = 0; lane < lanes; ++lane) {
            sums[lane] += a[i + lane] * b[i + lane];
        }
    }
    for (; i < size; ++i) {
        sums[0] += a[i] * b[i];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// Candidates that say nothing about a query because they are right as well.
bool is_false_negative(const Contrast & of, int64_t query, int64_t candidate) {
    if (candidate == query) {
        return false;
    }
    const int32_t * candidates = of.ids + of.queries;
    return candidates[candidate] == candidates[query] || (candidate < of.queries && of.ids[candidate] == of.ids[query]);
}

/// Of one query.
struct Row {
    double loss;
    double rank;
};

/// @param scores  [candidates]: cosines, which become the gradient by each
Row contrast_row(const Contrast & of, int64_t query, double * scores) {
    const double right = scores[query];
    double       max   = right;
    double       rank  = 1.0;
    for (int64_t c = 0; c < of.candidates; ++c) {
        if (!is_false_negative(of, query, c)) {
            max = std::max(max, scores[c]);
            // a tie is not a find
            rank += c != query && scores[c] >= right ? 1.0 : 0.0;
        }
    }
    double total = 0.0;
    for (int64_t c = 0; c < of.candidates; ++c) {
        scores[c] = is_false_negative(of, query, c) ? 0.0 : std::exp((scores[c] - max) / of.temperature);
        total += scores[c];
    }
    const double factor = 1.0 / (of.temperature * static_cast<double>(of.queries));
    for (int64_t c = 0; c < of.candidates; ++c) {
        scores[c] = factor * (scores[c] / total - (c == query ? 1.0 : 0.0));
    }
    return {(max - right) / of.temperature + std::log(total), rank};
}

} // namespace

ContrastFigures contrast(const Contrast & of, double * gradients, ThreadTeam & team) {
    const int64_t       size = of.size;
    std::vector<double> lengths(of.texts());
    std::vector<double> units(of.texts() * size);
    for (int64_t text = 0; text < of.texts(); ++text) {
        const double * vector = of.vectors + text * size;
        lengths[text]         = std::sqrt(product(vector, vector, size));
        for (int64_t i = 0; i < size; ++i) {
            units[text * size + i] = lengths[text] > 0.0 ? vector[i] / lengths[text] : 0.0;
        }
    }
    const double * queries    = units.data();
    const double * candidates = units.data() + of.queries * size;

    std::vector<double> scores(of.queries * of.candidates);
    std::vector<Row>    rows(of.queries);
    team.run(of.queries, [&](int, int64_t q) {
        double * row = scores.data() + q * of.candidates;
        for (int64_t c = 0; c < of.candidates; ++c) {
            row[c] = product(queries + q * size, candidates + c * size, size);
        }
        rows[q] = contrast_row(of, q, row);
    });
    ContrastFigures figures;
    for (const Row & row : rows) {
        figures.loss += row.loss / static_cast<double>(of.queries);
        figures.accuracy += (row.rank == 1.0 ? 1.0 : 0.0) / static_cast<double>(of.queries);
        figures.reciprocal_rank += 1.0 / row.rank / static_cast<double>(of.queries);
    }
    if (gradients == nullptr) {
        return figures;
    }
    team.run(of.texts(), [&](int, int64_t text) {
        const bool    is_query = text < of.queries;
        const int64_t others   = is_query ? of.candidates : of.queries;
        double *      to       = gradients + text * size;
        std::fill_n(to, size, 0.0);
        for (int64_t other = 0; other < others; ++other) {
            const double weight =
                is_query ? scores[text * of.candidates + other] : scores[other * of.candidates + text - of.queries];
            const double * unit = (is_query ? candidates : queries) + other * size;
            for (int64_t i = 0; weight != 0.0 && i < size; ++i) {
                to[i] += weight * unit[i];
            }
        }
        // through the division by the vector's length
        const double * unit  = units.data() + text * size;
        const double   along = product(to, unit, size);
        for (int64_t i = 0; i < size; ++i) {
            to[i] = lengths[text] > 0.0 ? (to[i] - along * unit[i]) / lengths[text] : 0.0;
        }
    });
    return figures;
}

} // namespace longembed
