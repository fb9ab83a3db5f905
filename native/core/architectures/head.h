#pragma once

#include <optional>
#include <vector>

#include "ops/ops.h"

namespace longembed {

/// Dense layers that a model puts over its pooled vector, one after the other and without activations between them
/// (sentence-transformers' `2_Dense`, `3_Dense`: EmbeddingGemma, GTR, Sentence-T5). Pooling is linear up to there, but
/// the vector is the model's own only after them, so windows are averaged and vectors normalised after them.
class Head {
public:
    /// The file's dense layers; nothing where it has none.
    static std::optional<Head> of(const Weights & weights);

    /// Numbers of a vector that it gives.
    int64_t dimensions() const { return layers_.back().weight->ne[1]; }

    /// x [in, n] → [dimensions(), n]
    ggml_tensor * apply(const GraphContext & ctx, ggml_tensor * x) const;

private:
    explicit Head(std::vector<Linear> layers) : layers_(std::move(layers)) {}

    std::vector<Linear> layers_; ///< one at least
};

} // namespace longembed
