#include "model.h"

#include <vector>

#include "batch_check.h"
#include "context_engine.h"
#include "devices.h"
#include "graph/graph_engine.h"
#include "llama-model.h"
#include "log.h"
#include "model_file.h"

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

} // namespace

std::unique_ptr<Model> Model::load(const std::string & path, const LoadOptions & options, Control & control) {
    load_backends();
    check_model_file(path);
    control.check();

    std::vector<ggml_backend_dev_t> gpus = {nullptr};
    if (options.backend != "cpu") {
        gpus = gpu_devices(options.backend);
    }

    llama_model_params params          = llama_model_default_params();
    params.devices                     = gpus.data();
    params.n_gpu_layers                = options.gpu_layers;
    params.load_mode                   = options.mmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
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
    if (model->facts_.engine == "graph") {
        model->engine_ = std::make_unique<GraphEngine>(*model->model_, threads);
    } else {
        model->engine_ = std::make_unique<ContextEngine>(*model->model_, threads);
    }
    return model;
}

void Model::embed(const Batch & batch, float * out, Control & control) {
    check_batch(batch, facts_, vocabulary_->size());
    control.check();
    engine_->embed(batch, out, control);
}

} // namespace longembed
