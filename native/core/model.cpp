#include "model.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "architectures/table.h"
#include "architectures/yarn_keys.h"
#include "device_check.h"
#include "devices/devices.h"
#include "devices/processors.h"
#include "gpu_plan.h"
#include "graph/graph_engine.h"
#include "graph/thread_team.h"
#include "llama-model.h"
#include "llama/abort_guard.h"
#include "llama/context_engine.h"
#include "llama/llama_file.h"
#include "llama/log.h"
#include "model_file/model_file.h"

namespace longembed {

namespace {

Error gpu_out_of_memory(int64_t tokens, const std::string & reason) {
    return Error(
        ErrorCode::out_of_memory,
        "The GPU ran out of memory while it computed " + std::to_string(tokens) + " tokens (" + reason +
            "). Fewer tokens at once, a smaller quantization, or fewer layers on the GPU (gpuLayers) need less.");
}

// What the express lane takes the first time beside tensors: its thread, the tables of its schedulers, the kernels'
// scratch memory. Measured: 5 to 7 MB.
constexpr uint64_t express_overhead_bytes = 6 << 20;

/// A GPU backend that runs out of memory during an operation logs the reason and fails an assertion.
void throw_if_out_of_memory(int64_t tokens) {
    const std::string reason = logged_errors();
    if (reason.find("out of memory") != std::string::npos) {
        throw gpu_out_of_memory(tokens, reason);
    }
}

/// Vulkan's bindings throw exceptions of their own, which ggml lets pass while a graph runs.
bool is_out_of_memory(const std::exception & failure) {
    const std::string reason = failure.what();
    return reason.find("OutOfDeviceMemory") != std::string::npos || reason.find("OutOfHostMemory") != std::string::npos;
}

class NotFinite : public Error {
public:
    using Error::Error;
};

/// Broken weights, and sums too large for half precision on a GPU, give infinities and NaN, which would spoil every
/// index that such a vector is stored in.
void check_finite(const float * numbers, int64_t count) {
    if (!std::all_of(numbers, numbers + count, [](float number) { return std::isfinite(number); })) {
        throw NotFinite(ErrorCode::backend, "The model computed a vector with infinite numbers or NaN: its weights are "
                                            "broken, or the file is damaged. Check the file's checksum.");
    }
}

/// @throws Error ERR_INVALID_OPTION if the engine does not support that precision here; ERR_BACKEND
std::unique_ptr<Engine> make_engine(const llama_model & model, const Facts & facts, Precision precision,
                                    const LaneShare & share = {}) {
    if (facts.engine == EngineKind::graph) {
        return std::make_unique<GraphEngine>(model, facts.threads, precision, share);
    }
    if (precision != Precision::full) {
        throw Error(ErrorCode::invalid_option,
                    "The precision bf16 is only for architectures that longembed has a graph of its own for, and " +
                        facts.engine_reason + ".");
    }
    // ggml's threads meet after every operation: more of them than cores would wait for each other most of the time
    return std::make_unique<ContextEngine>(model, share.lane == Lane::express ? 1 : facts.threads);
}

/// The maximum memory on GPUs for a text of this length, with a model that may have been loaded without weights.
/// @param tokens  0: the context that the file names
ComputeEstimate estimate_compute(const llama_model & model, int32_t tokens) {
    Facts facts   = read_facts(model);
    facts.threads = 1;

    const int32_t              length = tokens > 0 ? tokens : std::max(1, facts.context_length);
    const std::vector<int32_t> ids(length, 0);
    Batch                      batch;
    batch.tokens      = ids.data();
    batch.lengths     = &length;
    batch.n_tokens    = length;
    batch.n_sequences = 1;
    batch.pooling     = facts.causal ? Pooling::last : Pooling::mean;

    ComputeEstimate estimate;
    for (const DeviceMemory & device : make_engine(model, facts, Precision::full)->memory(batch).devices) {
        if (!device.host) {
            estimate.activations = std::max(estimate.activations, device.activations);
            estimate.graphs      = std::max(estimate.graphs, device.graphs);
        }
    }
    return estimate;
}

/// The same for the longest text, by halves, that the GPU's limits allow: what is longer fails when it is embedded.
ComputeEstimate estimate_largest(const llama_model & model, int32_t tokens) {
    constexpr int32_t min_tokens = 512;
    int32_t           length     = tokens > 0 ? tokens : std::max(1, read_facts(model).context_length);
    for (;; length /= 2) {
        try {
            return estimate_compute(model, length);
        } catch (const Error & error) {
            if (error.code() != ErrorCode::out_of_memory || length < 2 * min_tokens) {
                throw;
            }
        }
    }
}

/// A failed assertion while something is planned or tried on GPUs says nothing about the file.
template <typename Work> auto on_gpus(Work work) {
    try {
        return work();
    } catch (const AssertionFailed & failure) {
        if (failure.code() == ErrorCode::out_of_memory) {
            throw;
        }
        throw Error(ErrorCode::backend, std::string("The GPU cannot run this model. ") + failure.what() +
                                            " The CPU (backend \"cpu\") can.");
    } catch (const Error &) {
        throw;
    } catch (const std::exception & failure) {
        throw Error(
            is_out_of_memory(failure) ? ErrorCode::out_of_memory : ErrorCode::backend,
            std::string("The GPU cannot run this model: its driver failed (") + failure.what() +
                "). Fewer layers on the GPU (gpuLayers) need less of it; the CPU (backend \"cpu\") needs none.");
    }
}

/// The number of layers for each GPU.
GpuPlan gpu_plan(const std::string & path, const LoadOptions & options, Control & control) {
    if (options.backend == "cpu" || options.gpu_layers == 0) {
        return {};
    }
    const std::vector<ggml_backend_dev_t> gpus = gpu_devices(options.backend);
    if (gpus.empty()) {
        return {};
    }
    if (options.gpu_layers > 0) {
        return {gpus, {}, options.gpu_layers};
    }
    const auto estimate = [&](const llama_model & model) {
        return on_gpus([&] { return estimate_largest(model, options.plan_tokens); });
    };
    return plan_gpus(path, gpus, estimate, options.backend != "auto", control);
}

} // namespace

std::unique_ptr<Model> Model::load(const std::string & path, const LoadOptions & options, Control & control) {
    load_backends();
    const AbortGuard guard;
    try {
        return load_checked(path, options, control);
    } catch (const AssertionFailed & failure) {
        if (failure.code() == ErrorCode::out_of_memory) {
            throw;
        }
        throw Error(ErrorCode::model_invalid, "\"" + path + "\" is not a usable model file: " + failure.what());
    }
}

std::unique_ptr<Model> Model::load_checked(const std::string & path, const LoadOptions & options, Control & control) {
    const CheckedFile file = check_model_file(path);
    control.check();

    const GpuPlan plan = gpu_plan(path, options, control);
    // weights in another order would be a copy, and our own kernels and slices of fused weights take the file's
    const bool        own_graph = find_architecture(file.architecture) != nullptr && !prefers_llama_context();
    const WeightOrder order     = own_graph ? WeightOrder::file : WeightOrder::fastest_in_ggml;

    const bool             mmap = options.mmap && file.mappable;
    std::unique_ptr<Model> model(new Model());
    if (mmap) {
        for (const std::string & part : file.parts) {
            model->watches_.emplace_back(part);
        }
    }
    model->model_ = load_llama_file(path, plan, order, mmap, control);
    read_yarn_keys(*model->model_);

    model->precision_     = options.precision;
    const int threads     = options.threads > 0 ? options.threads : usable_cores();
    model->facts_         = read_facts(*model->model_);
    model->facts_.threads = threads;
    model->vocabulary_    = std::make_unique<Vocabulary>(*model->model_);
    if (options.check_device && model->facts_.gpu_layers > 0) {
        on_gpus([&] { check_devices(*model->model_, path, file.mappable, model->facts_, control); });
    }
    model->repack(options.repack, control);
    model->start_engine(Lane::main);
    return model;
}

void Model::repack(Repack repack, Control & control) {
    if (repack == Repack::never || facts_.engine != EngineKind::graph || facts_.gpu_layers > 0) {
        return;
    }
    const CpuKernels kernels = cpu_kernels(precision_);
    if (kernels.panel == 0) {
        return;
    }
    if (repack == Repack::always || RepackedWeights::fit(*model_, kernels, available_memory())) {
        ThreadTeam team(facts_.threads);
        const auto for_each = [&](int64_t pieces, const std::function<void(int64_t)> & work) {
            team.run(pieces, [&](int, int64_t piece) { work(piece); });
        };
        repacked_ = std::make_unique<RepackedWeights>(*model_, kernels, for_each, control);
    }
}

void Model::start_engine(Lane lane) {
    engine(lane) = make_engine(*model_, facts_, precision_, {&way_, lane, repacked_.get()});
}

void Model::check_files() const {
    for (const FileWatch & watch : watches_) {
        watch.check();
    }
}

void Model::embed(const Batch & batch, float * out, Control & control, Lane lane) {
    check_batch(batch, facts_, vocabulary_->size());
    if (lane == Lane::express && (!facts_.has_express_lane() || batch.n_tokens > max_express_tokens)) {
        throw Error(ErrorCode::invalid_option,
                    "The express lane takes no batch of " + std::to_string(batch.n_tokens) + " tokens of this model.");
    }
    control.check();
    check_files();
    std::unique_lock<std::mutex> express(express_, std::defer_lock);
    if (lane == Lane::express) {
        express.lock();
    }
    const AbortGuard          guard;
    std::unique_ptr<Engine> & engine = this->engine(lane);
    if (engine == nullptr) {
        start_engine(lane);
    }
    clear_errors();
    try {
        engine->embed(batch, out, control);
        check_files();
        check_finite(out, batch.rows() * facts_.dimensions);
    } catch (const AssertionFailed &) {
        if (facts_.threads > 1) {
            // ggml's threads may be waiting for the one that threw, and ending them would wait too
            (void) engine.release();
        }
        engine.reset(); // the next call starts a new one
        throw_if_out_of_memory(batch.n_tokens);
        throw;
    } catch (const NotFinite &) {
        engine.reset(); // its state between calls would corrupt later vectors
        throw;
    } catch (const Error &) {
        throw;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception & failure) {
        engine.reset();
        if (is_out_of_memory(failure)) {
            throw gpu_out_of_memory(batch.n_tokens, failure.what());
        }
        throw Error(ErrorCode::backend, std::string("The GPU's driver failed while it computed this input: ") +
                                            failure.what() +
                                            ". Load the model again, or use the CPU (backend \"cpu\").");
    }
}

MemoryEstimate Model::memory(const Batch & batch) {
    check_batch(batch, facts_, vocabulary_->size());
    const AbortGuard guard;
    if (engine(Lane::main) == nullptr) {
        start_engine(Lane::main);
    }
    MemoryEstimate estimate = engine(Lane::main)->memory(batch);
    estimate.express        = express_memory();
    for (const auto & weights : model_->memory_breakdown()) {
        estimate.on(weights.first).weights += weights.second;
    }
    if (repacked_ != nullptr) {
        estimate.on(ggml_backend_cpu_buffer_type()).weights += repacked_->added_bytes();
    }
    estimate.resident = resident_memory();
    return estimate;
}

/// A context of llama.cpp's would have to be made to be measured; there the express lane's is not counted before it is
/// used, and not made where there is no memory for it.
uint64_t Model::express_memory() {
    if (!facts_.has_express_lane() || facts_.engine != EngineKind::graph) {
        return 0;
    }
    const int64_t rows   = facts_.position_rows > 0 ? facts_.position_rows : max_express_tokens;
    const auto    tokens = static_cast<int32_t>(std::min<int64_t>(max_express_tokens, rows));

    const std::vector<int32_t> ids(tokens, 0);
    Batch                      largest;
    largest.tokens      = ids.data();
    largest.lengths     = &tokens;
    largest.n_tokens    = tokens;
    largest.n_sequences = 1;

    const std::lock_guard<std::mutex> lock(express_);
    if (engine(Lane::express) == nullptr) {
        start_engine(Lane::express);
    }
    uint64_t missing = 0;
    for (const DeviceMemory & memory : engine(Lane::express)->memory(largest).devices) {
        missing += memory.missing;
    }
    return missing == 0 ? 0 : missing + express_overhead_bytes;
}

} // namespace longembed
