#include "experts_op.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "gemm_op.h"
#include "tensor_floats.h"

namespace longembed {

namespace {

// Between the two products a token has `used` rows, one for each expert that it goes to. They lie in the order of the
// experts, and within an expert in the order of the tokens, so that each expert's rows are one matrix.

float * row_of(const ggml_tensor * tensor, int64_t row) {
    return reinterpret_cast<float *>(static_cast<char *>(tensor->data) + row * tensor->nb[1]);
}

const int32_t * choice_of(const ggml_tensor * chosen, int64_t token) {
    return reinterpret_cast<const int32_t *>(row_of(chosen, token));
}

/// The tokens, or other things in a row, that a part of an operation computes.
struct Share {
    int64_t first;
    int64_t end;

    Share(int64_t count, int part, int parts) : first(count * part / parts), end(count * (part + 1) / parts) {}
};

/// Where each expert's rows are.
struct RowsByExpert {
    std::vector<int64_t> begins; ///< of each expert, and after the last one the end
    std::vector<int64_t> tokens; ///< of each row

    /// @param chosen  [used, tokens]
    RowsByExpert(const ggml_tensor * chosen, int64_t experts) : begins(experts + 1, 0) {
        const int64_t count = chosen->ne[1];
        each(chosen, [&](int64_t /*token*/, int32_t expert) { ++begins[expert + 1]; });
        for (int64_t expert = 0; expert < experts; ++expert) {
            begins[expert + 1] += begins[expert];
        }
        tokens.resize(count * chosen->ne[0]);
        std::vector<int64_t> next = begins;
        each(chosen, [&](int64_t token, int32_t expert) { tokens[next[expert]++] = token; });
    }

    /// Calls act(token, expert) for every row, token after token.
    template <typename Act> static void each(const ggml_tensor * chosen, Act act) {
        for (int64_t token = 0; token < chosen->ne[1]; ++token) {
            const int32_t * choice = choice_of(chosen, token);
            for (int64_t rank = 0; rank < chosen->ne[0]; ++rank) {
                act(token, choice[rank]);
            }
        }
    }
};

/// The experts of each token, the most probable first. Source: the router's logits [experts, tokens]. Parts are ranges
/// of tokens.
void choose(ggml_tensor * chosen, int part, int parts, void * /*data*/) {
    const ggml_tensor * logits = chosen->src[0];
    const Share         share(chosen->ne[1], part, parts);
    std::vector<char>   taken(logits->ne[0]);
    for (int64_t token = share.first; token < share.end; ++token) {
        const float * of_token = row_of(logits, token);
        auto *        choice   = reinterpret_cast<int32_t *>(row_of(chosen, token));
        std::fill(taken.begin(), taken.end(), 0);
        for (int64_t rank = 0; rank < chosen->ne[0]; ++rank) {
            int32_t best = -1; // with NaN among the logits it still is an expert of its own in each rank
            for (int32_t expert = 0; expert < static_cast<int32_t>(logits->ne[0]); ++expert) {
                if (taken[expert] == 0 && (best < 0 || of_token[expert] > of_token[best])) {
                    best = expert;
                }
            }
            taken[best]  = 1;
            choice[rank] = best;
        }
    }
}

enum class RowOrder { tokens, experts };

/// epilogue(weight of the row's expert · x) for all rows. The sources of `y` are the weights, x and the chosen experts;
/// rows of x are tokens, or ordered as those of y are. Parts are ranges of outputs.
template <RowOrder order, Epilogue epilogue> void multiply(ggml_tensor * y, int part, int parts, void * data) {
    const auto &        kernels = *static_cast<const CpuKernels *>(data);
    const ggml_tensor * weight  = y->src[0];
    const ggml_tensor * x       = y->src[1];
    const ggml_tensor * chosen  = y->src[2];
    const OutputRange   outputs = OutputRange::of_part(weight->ne[1], kernels.output_unit, part, parts);
    if (outputs.first >= outputs.end) {
        return;
    }
    const RowsByExpert rows(chosen, weight->ne[2]);
    const int64_t      k        = weight->ne[0];
    const int64_t      gathered = order == RowOrder::tokens ? chosen->ne[1] * k : 0;
    float * const      copies   = scratch_floats(gathered + kernels.gemm_scratch(chosen->ne[1], k));
    for (int64_t expert = 0; expert < weight->ne[2]; ++expert) {
        const int64_t first = rows.begins[expert];
        const int64_t count = rows.begins[expert + 1] - first;
        if (count == 0) {
            continue;
        }
        GemmTile tile = tile_of(kernels, weight, outputs, expert);
        tile.tokens   = count;
        if (order == RowOrder::tokens) {
            for (int64_t i = 0; i < count; ++i) {
                std::memcpy(copies + i * k, row_of(x, rows.tokens[first + i]), k * sizeof(float));
            }
            tile.x        = copies;
            tile.x_stride = k;
        } else {
            tile.x        = row_of(x, first);
            tile.x_stride = row_floats(x);
        }
        tile.epilogue = epilogue;
        tile.y        = row_of(y, first) + outputs.first;
        tile.y_stride = row_floats(y);
        kernels.gemm(tile, copies + gathered);
    }
}

/// The probability of each expert that a token goes to, in the order of `choice`.
void probabilities_of(const float * logits, int64_t experts, const int32_t * choice, std::vector<float> & out) {
    const float largest = *std::max_element(logits, logits + experts);
    float       sum     = 0.0f;
    for (int64_t expert = 0; expert < experts; ++expert) {
        sum += std::exp(logits[expert] - largest);
    }
    for (size_t rank = 0; rank < out.size(); ++rank) {
        out[rank] = std::exp(logits[choice[rank]] - largest) / sum;
    }
}

/// What each token's rows add up to, plus a residual. Sources: the rows, the chosen experts, the router's logits and
/// the residual. Parts are ranges of tokens.
void combine(ggml_tensor * y, int part, int parts, void * /*data*/) {
    const ggml_tensor * rows   = y->src[0];
    const ggml_tensor * chosen = y->src[1];
    const ggml_tensor * logits = y->src[2];
    const ggml_tensor * to     = y->src[3];
    const int64_t       n      = y->ne[0];
    const Share         share(y->ne[1], part, parts);

    std::vector<int64_t> next = RowsByExpert(chosen, logits->ne[0]).begins;
    std::vector<float>   probabilities(chosen->ne[0]);
    for (int64_t token = 0; token < share.end; ++token) {
        const int32_t * choice = choice_of(chosen, token);
        float *         sums   = row_of(y, token);
        if (token >= share.first) {
            std::memcpy(sums, row_of(to, token), n * sizeof(float));
            probabilities_of(row_of(logits, token), logits->ne[0], choice, probabilities);
        }
        for (size_t rank = 0; rank < probabilities.size(); ++rank) {
            const float * made = row_of(rows, next[choice[rank]]++);
            for (int64_t i = 0; token >= share.first && i < n; ++i) {
                sums[i] += probabilities[rank] * made[i];
            }
        }
    }
}

} // namespace

ggml_tensor * experts_op(const GraphContext & ctx, const Experts & experts, ggml_tensor * x, ggml_tensor * to) {
    // the kernels outlive the graph, and ggml takes its user data mutable
    void *        kernels = const_cast<CpuKernels *>(ctx.kernels);
    const int64_t tokens  = x->ne[1];
    const int64_t rows    = tokens * experts.used;

    ggml_tensor * logits      = gemm(ctx, {experts.router, nullptr}, x);
    ggml_tensor * to_choose[] = {logits};
    ggml_tensor * chosen =
        ggml_custom_4d(ctx, GGML_TYPE_I32, experts.used, tokens, 1, 1, to_choose, 1, choose, GGML_N_TASKS_MAX, nullptr);
    ggml_tensor * to_widen[]   = {experts.up, x, chosen};
    ggml_tensor * wide         = ggml_custom_4d(ctx, GGML_TYPE_F32, experts.up->ne[1], rows, 1, 1, to_widen, 3,
                                                multiply<RowOrder::tokens, Epilogue::gelu>, GGML_N_TASKS_MAX, kernels);
    ggml_tensor * to_narrow[]  = {experts.down, wide, chosen};
    ggml_tensor * made         = ggml_custom_4d(ctx, GGML_TYPE_F32, experts.down->ne[1], rows, 1, 1, to_narrow, 3,
                                                multiply<RowOrder::experts, Epilogue::none>, GGML_N_TASKS_MAX, kernels);
    ggml_tensor * to_combine[] = {made, chosen, logits, to};
    return ggml_custom_4d(ctx, GGML_TYPE_F32, to->ne[0], tokens, 1, 1, to_combine, 4, combine, GGML_N_TASKS_MAX,
                          nullptr);
}

} // namespace longembed
