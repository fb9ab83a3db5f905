#include "model.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "abort_guard.h"
#include "batch_check.h"
#include "context_engine.h"
#include "devices.h"
#include "graph/graph_engine.h"
#include "llama-model.h"
#include "log.h"
#include "model_file/hyperparameters.h"
#include "model_file/model_file.h"

namespace longembed {

namespace {

bool on_load_progress(float fraction, void * control) {
    const auto * c = static_cast<const Control *>(control);
    c->report(fraction);
    return !c->cancelled.load(std::memory_order_relaxed);
}

/// llama.cpp says why a load failed only in its log.
Error load_error(const std::string & path) {
    const std::string reason = logged_errors();
    const bool memory = reason.find("allocate") != std::string::npos || reason.find("out of memory") != std::string::npos ||
                        reason.find("bad_alloc") != std::string::npos;
    if (memory) {
        return Error(ErrorCode::out_of_memory, "There is not enough memory to load \"" + path + "\" (" + reason + "). A smaller quantization needs less.");
    }
    return Error(ErrorCode::model_invalid, "llama.cpp cannot load \"" + path + "\"" + (reason.empty() ? "." : ": " + reason + "."));
}

/// Broken weights, and sums too large for half precision on a GPU, give infinities and NaN. As vectors they would spoil whatever
/// they are put into.
void check_finite(const float * numbers, int64_t count) {
    if (!std::all_of(numbers, numbers + count, [](float number) { return std::isfinite(number); })) {
        throw Error(ErrorCode::backend, "The model gave a vector with numbers that are infinite or none at all: its weights are broken, or the file is. Check the file's checksum.");
    }
}

} // namespace

std::unique_ptr<Model> Model::load(const std::string & path, const LoadOptions & options, Control & control) {
    load_backends();
    const AbortGuard guard;
    try {
        return load_checked(path, options, control);
    } catch (const AssertionFailed & failure) {
        throw Error(ErrorCode::model_invalid, "\"" + path + "\" is not a usable model file: " + failure.what());
    }
}

std::unique_ptr<Model> Model::load_checked(const std::string & path, const LoadOptions & options, Control & control) {
    const llm_arch architecture = check_model_file(path);
    control.check();

    std::vector<ggml_backend_dev_t> gpus = {nullptr};
    if (options.backend != "cpu") {
        gpus = gpu_devices(options.backend);
    }

    llama_model_params params          = llama_model_default_params();
    params.devices                     = gpus.data();
    params.n_gpu_layers                = options.gpu_layers;
    params.load_mode                   = options.mmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
    if (has_own_graph(architecture) && (gpus.size() == 1 || options.gpu_layers == 0)) {
        params.use_extra_bufts = false; // weights in another order would be a copy, and our kernels read the file's
    }
    params.progress_callback           = on_load_progress;
    params.progress_callback_user_data = &control;

    forget_errors();
    std::unique_ptr<Model> model(new Model());
    model->model_.reset(llama_model_load_from_file(path.c_str(), params), [](llama_model * loaded) {
        if (loaded != nullptr) {
            llama_model_free(loaded);
        }
    });
    control.check();
    if (!model->model_) {
        throw load_error(path);
    }

    const int threads     = options.threads > 0 ? options.threads : usable_cores();
    model->facts_         = read_facts(*model->model_);
    model->facts_.threads = threads;
    model->vocabulary_    = std::make_unique<Vocabulary>(llama_model_get_vocab(model->model_.get()));
    model->start_engine();
    return model;
}

void Model::start_engine() {
    if (facts_.engine == "graph") {
        engine_ = std::make_unique<GraphEngine>(*model_, facts_.threads);
    } else {
        engine_ = std::make_unique<ContextEngine>(*model_, facts_.threads);
    }
}

void Model::embed(const Batch & batch, float * out, Control & control) {
    check_batch(batch, facts_, vocabulary_->size());
    control.check();
    const AbortGuard guard;
    if (engine_ == nullptr) {
        start_engine();
    }
    try {
        engine_->embed(batch, out, control);
    } catch (const AssertionFailed &) {
        if (facts_.threads > 1) {
            // ggml's threads may be waiting for the one that left in the middle, and whoever ends them would wait too
            (void) engine_.release();
        }
        engine_.reset(); // the next call starts another
        throw;
    }
    check_finite(out, batch.n_sequences * facts_.dimensions);
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
