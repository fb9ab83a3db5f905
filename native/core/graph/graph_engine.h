#pragma once

#include <memory>
#include <vector>

#include "architectures/table.h"
#include "attention/attention.h"
#include "block_pass.h"
#include "engine.h"
#include "layout.h"
#include "streams.h"
#include "workspace.h"

struct llama_model;

namespace longembed {

/// Runs our own graph over the tensors that llama.cpp loaded.
class GraphEngine : public Engine {
public:
    /// @param threads    CPU threads, >= 1
    /// @param precision  on a CPU
    /// @param share      with the engine of the model's other lane
    /// @throws Error ERR_INVALID_OPTION when that precision is not available here; ERR_BACKEND
    GraphEngine(const llama_model & model, int threads, Precision precision, const LaneShare & share = {});

    /// One that goes through some of the layers only, in small blocks: what a comparison of devices takes.
    GraphEngine(const llama_model & model, int threads, std::vector<int> layers, int64_t block_tokens);

    void           embed(const Batch & batch, float * out, Control & control) override;
    MemoryEstimate memory(const Batch & batch) override;

private:
    /// A batch, cut and laid out.
    struct Plan;

    Cut            choose_cut(const Batch & batch, int parallelism) const;
    WorkspaceSize  size_for(const Plan & plan) const;
    PassSetup      setup_for(const Plan & plan, Workspace & workspace) const;
    MemoryEstimate memory_for(const Plan & plan, const WorkspaceSize & size) const;

    /// What kernels take that pack a block before they multiply: on each thread, and kept.
    size_t scratch_bytes(const WorkspaceSize & size) const;
    bool   has_capacity(const WorkspaceSize & needed) const { return workspace_ && needed.fits_in(workspace_->size()); }
    void   reserve(const Plan & plan, const WorkspaceSize & needed);

    /// So that batches of different shapes in turn do not reallocate each time.
    WorkspaceSize grown_to(const WorkspaceSize & needed) const {
        return workspace_ ? needed.grown_to(workspace_->size()) : needed;
    }

    std::unique_ptr<Workspace> new_workspace(const WorkspaceSize & size, Workspace::Memory memory) const;

    const llama_model &           model_;
    std::unique_ptr<Architecture> architecture_;
    Streams                       streams_;
    AttentionDevice               device_;
    double                        layer_parameters_;
    uint64_t                      layer_bytes_;
    int64_t                       widest_inputs_; ///< of a product with weights
    int64_t                       max_block_tokens_;
    std::vector<int>              layers_; ///< that a pass goes through
    int32_t                       gpu_layers_ = 0;
    std::unique_ptr<Workspace>    workspace_;
};

} // namespace longembed
