#pragma once

#include "architectures/architecture.h"
#include "attention/attention.h"
#include "kernels/cpu_kernels.h"
#include "layout.h"
#include "packed_batch.h"
#include "step_graph.h"
#include "workspace.h"

namespace longembed {

/// What all blocks of a call share.
struct PassSetup {
    const Architecture & architecture;
    const int            layers;           ///< that the pass goes through
    const int *          layer_numbers;    ///< of those, in the model
    const double         layer_parameters; ///< weights of a layer, which say what a token costs
    const Workspace &    workspace;
    const Layout &       layout;
    const PackedBatch &  batch;
    const bool           pools_rows; ///< cls or last pooling: the last layer is computed for the pooled tokens only
    const CpuKernels     kernels;    ///< null ones: ggml's operations instead
    const size_t         max_operand_bytes; ///< see Streams::max_operand_bytes

    /// Operations of all layers over all tokens.
    double total_operations() const;
    double attention_operations(int layer, int64_t queries, int64_t keys) const;
    double layer_operations(int64_t tokens) const { return 2.0 * layer_parameters * static_cast<double>(tokens); }
};

/// The steps of blocks on one stream. A layer has two sweeps: keys and values of all tokens, then queries, attention
/// and the rest of the layer. Blocks of whole sequences may take all layers in one go; blocks of a long sequence must
/// all have done one sweep before any begins the next.
class BlockPass {
public:
    /// @param number  the stream's, which says which of the workspace's tensors are its own
    BlockPass(const PassSetup & setup, Stream & stream, int number, Control & control, WorkMeter & meter);

    /// All layers of a block of whole sequences, up to what is pooled.
    void run_whole(const Block & block, const SequenceRange & sequences);

    /// One of them.
    void run_layer(int layer, const Block & block, const SequenceRange & sequences);

    void embed_tokens(const Block & block);
    void store_keys_and_values(int layer, const Block & block);
    void compute(int layer, const Block & block);

    /// The last layer for the pooled tokens of some sequences.
    void compute_rows(const SequenceRange & sequences);

    /// The head over the first `count` of the workspace's pooled vectors.
    void compute_head(int64_t count);

    /// Runs what is collected.
    void flush() { steps_.flush(); }

private:
    GraphContext   ctx() const { return {steps_.ctx(), &setup_.kernels}; }
    bool           is_last(int layer) const { return layer == setup_.layers - 1; }
    int            model_layer(int layer) const { return setup_.layer_numbers[layer]; }
    bool           slides(int layer) const { return setup_.architecture.attention(model_layer(layer)).slides(); }
    ggml_tensor *  x_of(const Block & block) const;
    ggml_tensor *  rotated(int layer, ggml_tensor * x, const RopePositions & to) const;
    RotatedQueries rotated(int layer, ggml_tensor * queries, const QueryTensors & to) const;

    /// What the queries of a block, or of some pooled tokens, attend to: [head size · heads, n].
    ggml_tensor * attend_block(int layer, const Block & block);
    ggml_tensor * attend_rows(int layer, ggml_tensor * x, int64_t first_row);
    ggml_tensor * attend(int layer, const RotatedQueries & queries, const std::vector<AttentionRun> & runs);

    const PassSetup & setup_;
    const Workspace & workspace_;
    const int         number_;
    ggml_tensor *     heads_; ///< the stream's
    StepGraph         steps_;
};

} // namespace longembed
