#include "model.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "architectures/table.h"
#include "batch_check.h"
#include "devices/devices.h"
#include "devices/gpu_plan.h"
#include "llama-model.h"
#include "llama/abort_guard.h"
#include "llama/llama_file.h"
#include "llama/log.h"
#include "model_file/model_file.h"

namespace longembed {

namespace {

/// A GPU backend that finds no room in the middle of an operation logs why and fails an assertion.
void throw_if_out_of_memory(int64_t tokens) {
    const std::string reason = logged_errors();
    if (reason.find("out of memory") != std::string::npos) {
        throw Error(ErrorCode::out_of_memory, "The GPU ran out of memory while it computed " + std::to_string(tokens) + " tokens (" + reason +
                                                  "). Fewer tokens at once, a smaller quantization, or fewer layers on the GPU (gpuLayers) need less.");
    }
}

class NotFinite : public Error {
public:
    using Error::Error;
};

/// Broken weights, and sums too large for half precision on a GPU, give infinities and NaN. As vectors they would spoil whatever
/// they are put into.
void check_finite(const float * numbers, int64_t count) {
    if (!std::all_of(numbers, numbers + count, [](float number) { return std::isfinite(number); })) {
        throw NotFinite(ErrorCode::backend, "The model gave a vector with numbers that are infinite or none at all: its weights are broken, or the file is. Check the file's checksum.");
    }
}

/// Which GPUs take how many layers.
GpuPlan gpu_plan(const std::string & path, const LoadOptions & options, Control & control) {
    if (options.backend == "cpu" || options.gpu_layers == 0) {
        return {};
    }
    const std::vector<ggml_backend_dev_t> gpus = gpu_devices(options.backend);
    if (gpus.empty()) {
        return {};
    }
    return options.gpu_layers < 0 ? plan_gpus(path, options, gpus, control) : GpuPlan{gpus, {}, options.gpu_layers};
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
    const llm_arch architecture = check_model_file(path);
    control.check();

    const GpuPlan plan = gpu_plan(path, options, control);
    // weights in another order would be a copy, and our own kernels and slices of fused weights take the file's
    const WeightOrder order = find_architecture(architecture) != nullptr ? WeightOrder::file : WeightOrder::fastest_in_ggml;

    std::unique_ptr<Model> model(new Model());
    model->model_ = load_llama_file(path, plan, order, options.mmap, control);

    model->precision_ = options.precision;
    const int threads     = options.threads > 0 ? options.threads : usable_cores();
    model->facts_         = read_facts(*model->model_);
    model->facts_.threads = threads;
    model->vocabulary_    = std::make_unique<Vocabulary>(llama_model_get_vocab(model->model_.get()));
    model->start_engine();
    return model;
}

void Model::start_engine() {
    engine_ = make_engine(*model_, facts_, precision_);
}

void Model::embed(const Batch & batch, float * out, Control & control) {
    check_batch(batch, facts_, vocabulary_->size());
    control.check();
    const AbortGuard guard;
    if (engine_ == nullptr) {
        start_engine();
    }
    clear_errors();
    try {
        engine_->embed(batch, out, control);
        check_finite(out, batch.n_sequences * facts_.dimensions);
    } catch (const AssertionFailed &) {
        if (facts_.threads > 1) {
            // ggml's threads may still wait for the one that threw, and ending them would wait too: leak the engine
            (void) engine_.release();
        }
        engine_.reset(); // the next call starts another
        throw_if_out_of_memory(batch.n_tokens);
        throw;
    } catch (const NotFinite &) {
        engine_.reset(); // what it keeps between calls would spoil vectors that read beside it
        throw;
    }
}

MemoryNeed Model::memory(const Batch & batch) {
    check_batch(batch, facts_, vocabulary_->size());
    const AbortGuard guard;
    if (engine_ == nullptr) {
        start_engine();
    }
    MemoryNeed need = engine_->memory(batch);
    for (const auto & weights : model_->memory_breakdown()) {
        need.on(weights.first).weights += weights.second;
    }
    need.resident = resident_memory();
    return need;
}

} // namespace longembed
