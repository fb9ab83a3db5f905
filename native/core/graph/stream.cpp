#include "stream.h"

#include <string>

#include "devices/devices.h"
#include "ggml-cpu.h"
#include "llama-model.h"
#include "thread_team.h"

namespace longembed {

namespace {

/// A function of the CPU backend, which is a separate library in the release build.
template <typename Function> Function cpu_function(const char * name) {
    ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(cpu_device());
    return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}

OperationObserver operation_observer;

bool is_cancelled(void * control) {
    return control != nullptr && static_cast<Control *>(control)->cancelled.load(std::memory_order_relaxed);
}

ggml_backend_t start(ggml_backend_dev_t device) {
    ggml_backend_t backend = ggml_backend_dev_init(device, nullptr);
    if (backend == nullptr) {
        throw Error(ErrorCode::backend,
                    std::string("The device \"") + ggml_backend_dev_name(device) + "\" could not be started.");
    }
    return backend;
}

} // namespace

void observe_operations(const OperationObserver & observer) {
    operation_observer = observer;
}

Stream::Stream(const llama_model & model, int threads) {
    const uint32_t     layers = model.hparams.n_layer();
    ggml_backend_dev_t last   = layers > 0 ? model.dev_layer(static_cast<int>(layers) - 1) : nullptr;

    for (const llama_device & device : model.devices) {
        backends_.emplace_back(start(device.dev));
        if (device.dev == last) {
            main_ = backends_.back().get();
        }
    }
    backends_.emplace_back(start(cpu_device()));
    cpu_ = backends_.back().get();
    if (main_ == nullptr) {
        main_ = cpu_;
    }
    runs_ahead_ = backends_.size() == 2 && std::string(main_backend()) == "CUDA";
    set_threads(threads);

    constexpr size_t tensors = 3 * max_nodes; // nodes, leafs and views
    graph_memory_size_       = tensors * ggml_tensor_overhead() + ggml_graph_overhead_custom(max_nodes, false);
    graph_memory_.reset(new uint8_t[graph_memory_size_]); // not cleared, so that pages no graph needs are never touched

    std::vector<ggml_backend_t> raw;
    for (const auto & backend : backends_) {
        raw.push_back(backend.get());
    }
    // weights that did not fit on the GPU are copied there for each block of tokens, which takes less time than
    // computing with them on the CPU
    const bool offload = raw.size() > 1;
    sched_.reset(ggml_backend_sched_new(raw.data(), nullptr, static_cast<int>(raw.size()), max_nodes,
                                        /*parallel*/ false, offload));
    if (!sched_) {
        throw Error(ErrorCode::backend, "The compute scheduler could not be created.");
    }
    if (operation_observer.call != nullptr) {
        ggml_backend_sched_set_eval_callback(sched_.get(), operation_observer.call, operation_observer.data);
    }
}

Stream::~Stream() {
    sched_.reset();
    backends_.clear();
    if (threadpool_ != nullptr) {
        cpu_function<decltype(&ggml_threadpool_free)>("ggml_threadpool_free")(threadpool_);
    }
}

void Stream::use_threads(int threads) {
    cpu_function<ggml_backend_set_n_threads_t>("ggml_backend_set_n_threads")(cpu_, threads);
}

void Stream::set_threads(int wanted) {
    // ggml fails an assertion where a thread cannot be started
    const int threads = ThreadTeam(wanted).members();
    use_threads(threads);

    // Without a pool of its own ggml starts and ends its threads with every graph.
    const auto make    = cpu_function<decltype(&ggml_threadpool_new)>("ggml_threadpool_new");
    const auto release = cpu_function<decltype(&ggml_threadpool_free)>("ggml_threadpool_free");
    if (make == nullptr || release == nullptr || threads < 2) {
        return;
    }
    ggml_threadpool_params params = ggml_threadpool_params_default(threads);
    params.poll                   = 0; // between graphs its threads sleep; by default they spin on
    threadpool_                   = make(&params);
    if (threadpool_ != nullptr) {
        cpu_function<decltype(&ggml_backend_cpu_set_threadpool)>("ggml_backend_cpu_set_threadpool")(cpu_, threadpool_);
    }
}

ggml_backend_buffer_type_t Stream::main_buffer_type() const {
    return ggml_backend_get_default_buffer_type(main_);
}

ggml_context_ptr Stream::new_graph_context() {
    return ggml_context_ptr(ggml_init({graph_memory_size_, graph_memory_.get(), /*no_alloc*/ true}));
}

BufferSizes Stream::graph_memory() const {
    BufferSizes sizes;
    for (const auto & backend : backends_) {
        sizes[ggml_backend_sched_get_buffer_type(sched_.get(), backend.get())] +=
            ggml_backend_sched_get_buffer_size(sched_.get(), backend.get());
    }
    return sizes;
}

void Stream::watch(Control * control) {
    for (const auto & backend : backends_) {
        ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(ggml_backend_get_device(backend.get()));
        const auto         set      = reinterpret_cast<ggml_backend_set_abort_callback_t>(
            ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_abort_callback"));
        if (set != nullptr) {
            set(backend.get(), is_cancelled, control);
        }
    }
}

void Stream::run(ggml_cgraph * graph, Control & control) {
    control.check();
    ggml_backend_sched_reset(sched_.get());
    if (!(reserving_ ? ggml_backend_sched_reserve(sched_.get(), graph)
                     : ggml_backend_sched_alloc_graph(sched_.get(), graph))) {
        throw Error(ErrorCode::out_of_memory,
                    "There is not enough memory for the activations of this input. Shorter inputs, a "
                    "smaller target or a smaller model need less.");
    }
    if (reserving_) {
        return;
    }
    watch(&control);
    const ggml_status status =
        (runs_ahead_ ? ggml_backend_sched_graph_compute_async : ggml_backend_sched_graph_compute)(sched_.get(), graph);
    watch(nullptr);
    control.check();
    switch (status) {
        case GGML_STATUS_SUCCESS: return;
        case GGML_STATUS_ALLOC_FAILED:
            throw Error(ErrorCode::out_of_memory, "The device ran out of memory while it computed this input.");
        default:
            throw Error(ErrorCode::backend, std::string("The backend failed while it computed this input: ") +
                                                ggml_status_to_string(status) + ".");
    }
}

void Stream::wait() {
    ggml_backend_sched_synchronize(sched_.get());
}

} // namespace longembed
