#pragma once

#include <optional>

#include "architectures/architecture.h"
#include "attention/flash_attention.h"
#include "attention/tiled_attention.h"
#include "kernels/cpu_kernels.h"
#include "layout.h"
#include "packed_plan.h"
#include "attention/self_extend_attention.h"
#include "step_graph.h"
#include "workspace.h"

namespace longembed {

/// What all blocks of a call share.
struct PassSetup {
    const Architecture & architecture;
    const int            layers;
    const double         layer_parameters;  ///< weights of a layer, which say what a token costs
    const Workspace &    workspace;
    const Layout &       layout;
    const PackedPlan &   plan;
    const bool           pools_rows;        ///< cls or last pooling: the last layer is computed for the pooled tokens only
    const CpuKernels     kernels;           ///< null ones: ggml's operations instead
    const bool           main_is_cpu;       ///< where activations are
    const float          rope_base;         ///< 0: each layer's own
    const float          rope_scale;        ///< factor on positions before they are rotated

    /// Operations of all layers over all tokens.
    double total_operations() const;
    double attention_operations(int64_t queries, int64_t keys) const;
    double layer_operations(int64_t tokens) const { return 2.0 * layer_parameters * static_cast<double>(tokens); }
};

/// The steps of blocks on one lane. A layer has two sweeps: keys and values of all tokens, then queries, attention and the
/// rest of the layer. Blocks of whole sequences take all layers in one go; blocks of a long sequence must all have done one
/// sweep before any begins the next.
class BlockPass {
public:
    /// @param number  the lane's, which says which of the workspace's lane tensors are its own
    BlockPass(const PassSetup & setup, Lane & lane, int number, Control & control, WorkMeter & meter);

    /// All layers of a block of whole sequences, up to what is pooled.
    void run_whole(const Block & block, const SequenceRange & sequences);

    void embed_tokens(const Block & block);
    void fill_keys_and_values(int layer, const Block & block);
    void compute(int layer, const Block & block);

    /// The last layer for the pooled tokens of some sequences.
    void compute_rows(const SequenceRange & sequences);

    /// Runs what is collected.
    void flush();

private:
    GraphContext   ctx() const { return {steps_.ctx(), &setup_.kernels}; }
    bool           is_last(int layer) const { return layer == setup_.layers - 1; }
    ggml_tensor *  x_of(const Block & block) const;
    ggml_tensor *  rotate(int layer, ggml_tensor * x, ggml_tensor * positions) const;
    void           keep(int layer, ggml_tensor * k, ggml_tensor * v, const Block & block);
    void           keep_by_head(ggml_tensor * rows, ggml_tensor * kept, const Block & block);
    void           keep_by_dimension(ggml_tensor * rows, const Block & block);

    /// What queries gather by attention, [head size · heads, n].
    ggml_tensor * heads_of_block(int layer, const Block & block, ggml_tensor * queries);
    ggml_tensor * heads_of_rows(int layer, int64_t first_row, int64_t rows, ggml_tensor * queries);
    void          attend(const SelfExtendQueries & queries, const std::vector<AttentionRun> & runs);
    void          attend_by_ggml(const SelfExtendQueries & queries, const AttentionRun & run);
    SelfExtendQueries rotate_queries(int layer, ggml_tensor * queries, ggml_tensor * near, ggml_tensor * before, ggml_tensor * after) const;
    void          keep_heads(ggml_tensor * heads, int64_t first);

    void end_step(double operations);
    void forget();

    const PassSetup &                setup_;
    const AttentionShape &           shape_;
    const Workspace &                workspace_;
    const Workspace::LaneTensors &   own_;
    const bool                       uses_self_extend_;
    std::optional<CpuAttention>      cpu_attention_;  ///< our kernel, or else:
    Attention                        attention_;
    std::optional<SelfExtend>        self_extend_;
    StepGraph                        steps_;
};

} // namespace longembed
