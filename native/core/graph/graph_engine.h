#pragma once

#include <memory>

#include "architectures/architecture.h"
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
    /// @param threads  CPU threads, >= 1
    GraphEngine(const llama_model & model, int threads);

    void embed(const Batch & batch, float * out, Control & control) override;

private:
    void make_room(const WorkspaceSize & needed);
    Cut  choose_cut(const Batch & batch, int shares) const;

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
};

} // namespace longembed
