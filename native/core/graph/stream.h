#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "control.h"
#include "ggml-backend.h"
#include "ggml-cpp.h"
#include "ggml.h"

struct llama_model;

namespace longembed {

/// Bytes of buffers of some kinds.
using BufferSizes = std::map<ggml_backend_buffer_type_t, size_t>;

/// Sees every operation of every stream, before it is computed and after, each on its own: for programs that compare
/// operations. To be set before the first stream is made.
struct OperationObserver {
    ggml_backend_sched_eval_callback call = nullptr;
    void *                           data = nullptr;
};
void observe_operations(const OperationObserver & observer);

/// One stream of graphs: the backends a model computes on, the scheduler over them, and the memory of one graph's
/// activations. Several streams may compute side by side, each from one thread at a time.
class Stream {
public:
    /// @param threads  CPU threads of one operation, >= 1
    Stream(const llama_model & model, int threads);
    virtual ~Stream();

    Stream(const Stream &)             = delete;
    Stream & operator=(const Stream &) = delete;

    /// Where activations live: the GPU that holds the last layer, else the CPU.
    ggml_backend_buffer_type_t main_buffer_type() const;
    bool                       main_is_cpu() const { return main_ == cpu_; }

    /// Whether the device where activations live can compute an operation itself.
    bool supports(const ggml_tensor * operation) const { return ggml_backend_supports_op(main_, operation); }

    const char * main_backend() const {
        return ggml_backend_reg_name(ggml_backend_dev_backend_reg(ggml_backend_get_device(main_)));
    }

    /// How many of its CPU threads compute from now on.
    void use_threads(int threads);

    /// An empty context for the next graph. All take the same memory in turn: the one before must be gone.
    ggml_context_ptr new_graph_context();

    /// Runs a graph, after those before it; what it computes may only be read after wait(). The graph itself is not
    /// needed any more. Throws ERR_ABORTED when `control` is cancelled meanwhile, ERR_OUT_OF_MEMORY, ERR_BACKEND.
    virtual void run(ggml_cgraph * graph, Control & control);

    /// Returns when all graphs have run.
    void wait();

    /// While on, run() allocates memory for graphs and computes nothing.
    void only_reserve(bool on) { reserving_ = on; }

    /// The memory that graphs have taken so far: bytes of each kind of buffer.
    BufferSizes graph_memory() const;

    static constexpr int max_nodes = 8192;

protected:
    std::vector<ggml_backend_ptr> backends_;
    ggml_backend_sched_ptr        sched_;

private:
    void set_threads(int threads);
    void watch(Control * control);

    ggml_backend_t    cpu_        = nullptr;
    ggml_backend_t    main_       = nullptr;
    ggml_threadpool_t threadpool_ = nullptr;
    bool              reserving_  = false;
    /// CUDA's queue takes the next graphs while one is computed: the GPU need not wait for the host after each.
    bool                       runs_ahead_ = false;
    size_t                     graph_memory_size_;
    std::unique_ptr<uint8_t[]> graph_memory_;
};

} // namespace longembed
