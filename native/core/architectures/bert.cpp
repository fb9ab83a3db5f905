#include "bert.h"

#include "ops/ops.h"

namespace longembed {

Bert::Bert(const llama_model & model) : PostNormEncoder(model), position_embedding_(weights_.required("position_embd.weight")) {}

ggml_tensor * Bert::add_positions(const GraphContext & ctx, ggml_tensor * x, const AbsolutePositions & positions) const {
    ggml_tensor * rows = ggml_get_rows(ctx, position_embedding_, positions.lower);
    if (positions.upper != nullptr) {
        // lower + fraction · (upper − lower)
        ggml_tensor * step = ggml_sub(ctx, ggml_get_rows(ctx, position_embedding_, positions.upper), rows);
        rows = ggml_add(ctx, rows, ggml_mul(ctx, step, positions.fraction));
    }
    return ggml_add(ctx, x, rows);
}

ggml_tensor * Bert::add_feed_forward(const GraphContext & ctx, const Layer & layer, ggml_tensor * x) const {
    return add_gelu_feed_forward(ctx, layer.up, layer.down, x);
}

} // namespace longembed
