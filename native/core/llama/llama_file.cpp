#include "llama_file.h"

#include "error.h"
#include "head_tensors.h"
#include "llama.h"
#include "log.h"

namespace longembed {

namespace {

bool on_load_progress(float fraction, void * control) {
    const auto * c = static_cast<const Control *>(control);
    c->report(fraction);
    return !c->cancelled.load(std::memory_order_relaxed);
}

/// llama.cpp gives the reason of a failed load only in its log.
Error load_error(const std::string & path, bool on_gpus) {
    const std::string reason = logged_errors();
    const bool        memory = reason.find("alloca") != std::string::npos ||
                        reason.find("out of memory") != std::string::npos ||
                        reason.find("bad_alloc") != std::string::npos;
    if (memory) {
        return Error(ErrorCode::out_of_memory, "There is not enough memory to load \"" + path + "\" (" + reason +
                                                   "). A smaller quantization needs less" +
                                                   (on_gpus ? ", or fewer layers on the GPU (gpuLayers)." : "."));
    }
    return Error(ErrorCode::model_invalid,
                 "llama.cpp cannot load \"" + path + "\"" + (reason.empty() ? "." : ": " + reason + "."));
}

std::shared_ptr<llama_model> load(const std::string & path, const GpuPlan & plan, llama_model_params params,
                                  Control & control) {
    std::vector<ggml_backend_dev_t> devices = plan.devices;
    devices.push_back(nullptr); // ends the list
    params.devices = devices.data();
    // llama.cpp counts what follows the last layer as one more layer, and takes a share for each device that it could
    // have
    params.n_gpu_layers      = plan.gpu_layers < 0 ? -1 : plan.gpu_layers + 1;
    std::vector<float> split = plan.split;
    split.resize(llama_max_devices(), 0.0f);
    params.tensor_split = plan.split.empty() ? nullptr : split.data();
    std::vector<llama_model_tensor_buft_override> overrides;
    if (plan.embeddings != nullptr) {
        overrides = {{"^(token|position)_embd\\.weight$", ggml_backend_dev_buffer_type(plan.embeddings)}, {}};
        params.tensor_buft_overrides = overrides.data();
    }
    params.progress_callback           = on_load_progress;
    params.progress_callback_user_data = &control;

    clear_errors();
    std::shared_ptr<llama_model> model(llama_model_load_from_file(path.c_str(), params), [](llama_model * loaded) {
        if (loaded != nullptr) {
            llama_model_free(loaded);
        }
    });
    control.check();
    if (!model) {
        throw load_error(path, !plan.devices.empty());
    }
    const auto head = add_head_tensors(*model, path, !params.no_alloc);
    return head ? std::shared_ptr<llama_model>(model.get(), [model, head](llama_model *) {}) : model;
}

} // namespace

std::shared_ptr<llama_model> load_llama_file(const std::string & path, const GpuPlan & plan, WeightOrder order,
                                             bool mmap, Control & control) {
    llama_model_params params = llama_model_default_params();
    params.load_mode          = mmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
    params.use_extra_bufts    = order == WeightOrder::fastest_in_ggml;
    return load(path, plan, params, control);
}

std::shared_ptr<llama_model> load_without_weights(const std::string & path, const GpuPlan & plan, Control & control) {
    llama_model_params params = llama_model_default_params();
    params.load_mode          = LLAMA_LOAD_MODE_NONE;
    params.no_alloc           = true;
    return load(path, plan, params, control);
}

} // namespace longembed
