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
    /// @param threads    CPU threads, >= 1
    /// @param precision  on a CPU
    /// @throws Error ERR_INVALID_OPTION when there is no computing in that precision here; ERR_BACKEND
    GraphEngine(const llama_model & model, int threads, Precision precision);

    void embed(const Batch & batch, float * out, Control & control) override;

private:
    void make_room(const WorkspaceSize & needed);
    Cut  choose_cut(const Batch & batch, int shares) const;

    const llama_model &           model_;
    std::unique_ptr<Architecture> architecture_;
    Lanes                         lanes_;
    CpuKernels                    kernels_;  ///< null on a GPU: ggml's operations instead
    std::unique_ptr<Workspace>    workspace_;
    double                        layer_parameters_;
};

} // namespace longembed
