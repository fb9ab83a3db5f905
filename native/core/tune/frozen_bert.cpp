#include "frozen_bert.h"

#include <algorithm>
#include <string>

#include "error.h"
#include "llama-model.h"

namespace longembed {

namespace {

const llama_model & check_model(const llama_model & model) {
    if (model.arch != LLM_ARCH_BERT || is_causal(model)) {
        throw Error(ErrorCode::architecture_unsupported,
                    "Only models of the architecture bert, with a position matrix, can be tuned.");
    }
    const AttentionShape shape = AttentionShape::of(model);
    if (shape.heads != shape.kv_heads) {
        throw Error(ErrorCode::architecture_unsupported,
                    "This model's heads share keys and values, which no bert does: it cannot be tuned.");
    }
    for (int layer = 0; layer < static_cast<int>(model.hparams.n_layer()); ++layer) {
        if (ggml_backend_dev_type(model.dev_layer(layer)) != GGML_BACKEND_DEVICE_TYPE_CPU) {
            throw Error(ErrorCode::backend, "Tuning runs on the CPU: load the model with backend \"cpu\".");
        }
    }
    return model;
}

CpuKernels check_kernels(const CpuKernels & kernels) {
    if (kernels.gemm == nullptr || kernels.gradient.softmax == nullptr) {
        throw Error(
            ErrorCode::backend,
            std::string("Tuning needs longembed's own kernels, and this build or LONGEMBED_KERNELS has none (") +
                kernels.name + ").");
    }
    return kernels;
}

std::vector<float> first_row(const Weights & weights, const char * name, int64_t size) {
    const ggml_tensor * tensor = weights.optional(name);
    std::vector<float>  row(size, 0.0f);
    if (tensor != nullptr) {
        const std::vector<float> all = weights.numbers(name);
        row.assign(all.begin(), all.begin() + size);
    }
    return row;
}

} // namespace

FrozenBert::FrozenBert(const llama_model & model)
    : kernels_(check_kernels(cpu_kernels())), weights_(check_model(model)), shape_(AttentionShape::of(model)),
      dimensions_(model.hparams.n_embd), token_embedding_(weights_.required("token_embd.weight")),
      segment_(first_row(weights_, "token_types.weight", dimensions_)),
      embedding_norm_(weights_.norm("token_embd_norm"), model.hparams.f_norm_eps) {
    const float eps = model.hparams.f_norm_eps;
    for (int i = 0; i < static_cast<int>(model.hparams.n_layer()); ++i) {
        const std::string prefix = layer_prefix(i);
        const QkvWeights  qkv    = weights_.qkv(prefix);
        layers_.push_back({FrozenLinear(qkv.q), FrozenLinear(qkv.k), FrozenLinear(qkv.v),
                           FrozenLinear(weights_.linear(prefix + "attn_output")),
                           FrozenNorm(weights_.norm(prefix + "attn_output_norm"), eps),
                           FrozenLinear(weights_.linear(prefix + "ffn_up")),
                           FrozenLinear(weights_.linear(prefix + "ffn_down")),
                           FrozenNorm(weights_.norm(prefix + "layer_output_norm"), eps)});
    }
}

void FrozenBert::embed(int32_t token, const float * position, float * row) const {
    const char * from = static_cast<const char *>(token_embedding_->data) + token * token_embedding_->nb[1];
    switch (token_embedding_->type) {
        case GGML_TYPE_F32: std::copy_n(reinterpret_cast<const float *>(from), dimensions_, row); break;
        default: ggml_get_type_traits(token_embedding_->type)->to_float(from, row, dimensions_); break;
    }
    for (int64_t i = 0; i < dimensions_; ++i) {
        row[i] = (row[i] + segment_[i]) + position[i];
    }
}

} // namespace longembed
