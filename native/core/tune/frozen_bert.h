#pragma once

#include <cstdint>
#include <vector>

#include "architectures/architecture.h"
#include "frozen_linear.h"
#include "frozen_norm.h"

struct llama_model;

namespace longembed {

/// The weights of a `bert` model (post-norm, GELU with erf, a position matrix), none of which change, as forward and
/// backward passes take them.
class FrozenBert {
public:
    struct Layer {
        FrozenLinear q, k, v;
        FrozenLinear attention_output;
        FrozenNorm   attention_norm;
        FrozenLinear up, down;
        FrozenNorm   output_norm;
    };

    /// @throws Error ERR_ARCHITECTURE_UNSUPPORTED for a model of another kind, ERR_BACKEND for one that is not in the
    /// CPU's memory or where there are no kernels for this machine
    explicit FrozenBert(const llama_model & model);

    const CpuKernels &         kernels() const { return kernels_; }
    const AttentionShape &     attention() const { return shape_; }
    const std::vector<Layer> & layers() const { return layers_; }
    const FrozenNorm &         embedding_norm() const { return embedding_norm_; }
    int64_t                    dimensions() const { return dimensions_; }
    int64_t                    feed_forward() const { return layers_.front().up.outputs(); }
    int64_t                    vocabulary() const { return token_embedding_->ne[1]; }

    /// row [dimensions] = what a token's embedding, its segment's and a position's give together
    void embed(int32_t token, const float * position, float * row) const;

private:
    CpuKernels         kernels_;
    Weights            weights_;
    AttentionShape     shape_;
    int64_t            dimensions_;
    ggml_tensor *      token_embedding_;
    std::vector<float> segment_; ///< row 0: one text is all "sentence A"
    FrozenNorm         embedding_norm_;
    std::vector<Layer> layers_;
};

} // namespace longembed
