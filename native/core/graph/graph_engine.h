#pragma once

#include <memory>

#include "architectures/architecture.h"
#include "block_pass.h"
#include "lanes.h"
#include "layout.h"
#include "engine.h"
#include "kernels/cpu_kernels.h"
#include "workspace.h"

struct llama_model;

namespace longembed {

/// Runs our own graph over the tensors that llama.cpp loaded.
class GraphEngine : public Engine {
public:
    /// @param threads    CPU threads, >= 1
    /// @param precision  on a CPU
    /// @throws Error ERR_INVALID_OPTION when there is no computing in that precision here; ERR_BACKEND
    GraphEngine(const llama_model & model, int threads, Precision precision);

    void       embed(const Batch & batch, float * out, Control & control) override;
    MemoryEstimate memory(const Batch & batch) override;

private:
    /// A batch, cut and laid out.
    struct Plan;

    Cut           choose_cut(const Batch & batch, int shares) const;
    WorkspaceSize size_for(const Plan & plan) const;
    PassSetup     setup_for(const Plan & plan, const Workspace & workspace) const;
    MemoryEstimate    memory_for(const Plan & plan, const WorkspaceSize & size) const;
    bool          has_room(const WorkspaceSize & needed) const { return workspace_ && needed.fits_in(workspace_->size()); }
    void          make_room(const Plan & plan, const WorkspaceSize & needed);

    /// Batches of different shapes in turn must not each make room anew.
    WorkspaceSize grown_to(const WorkspaceSize & needed) const { return workspace_ ? needed.grown_to(workspace_->size()) : needed; }

    std::unique_ptr<Workspace> new_workspace(const WorkspaceSize & size, Workspace::Room room) const;

    /// Of keys and values where ggml computes attention: GPU flash attention takes halves; on the CPU full floats cost nothing and
    /// keep vectors exact.
    ggml_type kv_type() const { return lanes_.main_is_cpu() ? GGML_TYPE_F32 : GGML_TYPE_F16; }

    const llama_model &           model_;
    std::unique_ptr<Architecture> architecture_;
    Lanes                         lanes_;
    CpuKernels                    kernels_;  ///< null on a GPU: ggml's operations instead
    std::unique_ptr<Workspace>    workspace_;
    double                        layer_parameters_;
    int64_t                       flash_head_size_;
    uint64_t                      layer_bytes_;
    int32_t                       gpu_layers_ = 0;
};

} // namespace longembed
