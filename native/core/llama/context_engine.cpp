#include "context_engine.h"

#include <algorithm>

#include "error.h"
#include "llama-context.h"
#include "llama-model.h"
#include "llama.h"
#include "log.h"

namespace longembed {

namespace {

// Attention scores that may be held at once. Up to this llama.cpp computes them in full precision; above it, flash
// attention takes keys and values as halves, which costs some 1e-6 of cosine.
constexpr int64_t max_score_bytes = 256 << 20;

// llama.cpp rounds a context's tokens up to a multiple of it.
constexpr uint32_t context_step = 256;

/// LongRoPE: one set of factors up to the original context, another beyond.
bool has_factors_by_length(const llama_model & model) {
    return model.layers.front().rope_long != nullptr || model.layers.front().rope_short != nullptr;
}

bool is_cancelled(void * control) {
    return control != nullptr && static_cast<Control *>(control)->cancelled.load(std::memory_order_relaxed);
}

enum llama_pooling_type pooling_type(Pooling pooling) {
    switch (pooling) {
        case Pooling::cls: return LLAMA_POOLING_TYPE_CLS;
        case Pooling::last: return LLAMA_POOLING_TYPE_LAST;
        default: return LLAMA_POOLING_TYPE_MEAN;
    }
}

void check_plan(const Batch & batch) {
    const auto refuse = [](const std::string & what) {
        throw Error(ErrorCode::strategy_unsupported,
                    what + " cannot be done for this architecture: it runs through llama.cpp's own context.");
    };
    if (batch.positions != nullptr) {
        refuse("Custom positions (grouped, recurrent)");
    }
    if (batch.rope_factors != nullptr) {
        refuse("Changing rotary frequencies one by one (YaRN)");
    }
    if (batch.ranges != nullptr) {
        refuse("Pooling parts of a text (chunk vectors)");
    }
    if (batch.uses_self_extend()) {
        refuse("Self-extend");
    }
    const bool scaled =
        batch.logit_scale != nullptr &&
        std::any_of(batch.logit_scale, batch.logit_scale + batch.n_tokens, [](float factor) { return factor != 1.0f; });
    if (scaled) {
        refuse("Attention scaling");
    }
}

/// A llama_batch over one sequence, freed with its scope.
class OneSequence {
public:
    OneSequence(const int32_t * tokens, int32_t n) : batch(llama_batch_init(n, 0, 1)) {
        batch.n_tokens = n;
        for (int32_t i = 0; i < n; ++i) {
            batch.token[i]     = tokens[i];
            batch.pos[i]       = i;
            batch.n_seq_id[i]  = 1;
            batch.seq_id[i][0] = 0;
            batch.logits[i]    = 1;
        }
    }
    ~OneSequence() { llama_batch_free(batch); }

    OneSequence(const OneSequence &)             = delete;
    OneSequence & operator=(const OneSequence &) = delete;

    llama_batch batch;
};

} // namespace

ContextEngine::ContextEngine(const llama_model & model, int threads) : model_(model), threads_(threads) {}

void ContextEngine::embed(const Batch & batch, float * out, Control & control) {
    check_plan(batch);
    int64_t done = 0;
    for (const ByLength & kind : kinds()) {
        embed_some(batch, kind, done, out, control);
    }
}

MemoryEstimate ContextEngine::memory(const Batch & batch) {
    check_plan(batch);
    MemoryEstimate max;
    uint64_t       missing = 0;
    for (const ByLength & kind : kinds()) {
        const int32_t longest = longest_of(batch, kind);
        if (longest == 0) {
            continue;
        }
        prepare(batch, longest, kind);
        const MemoryEstimate need = memory_of_context();
        uint64_t             here = 0;
        for (const DeviceMemory & memory : need.devices) {
            here += memory.missing;
        }
        if (max.devices.empty() || here > missing) {
            max     = need;
            missing = here;
        }
    }
    return max;
}

MemoryEstimate ContextEngine::memory_of_context() const {
    MemoryEstimate need;
    for (const auto & [buffers, bytes] : context_->memory_breakdown()) {
        DeviceMemory & memory = need.on(buffers);
        memory.activations += bytes.context;
        memory.graphs += bytes.compute;
        // the system provides the pages only when they are written to
        memory.missing += used_ ? 0 : bytes.context + bytes.compute;
    }
    return need;
}

int32_t ContextEngine::longest_of(const Batch & batch, const ByLength & kind) const {
    int32_t longest = 0;
    for (int64_t i = 0; i < batch.n_sequences; ++i) {
        if (by_length(batch.lengths[i]) == kind) {
            longest = std::max(longest, batch.lengths[i]);
        }
    }
    return longest;
}

void ContextEngine::prepare(const Batch & batch, int32_t longest, const ByLength & kind) {
    prepare({static_cast<uint32_t>(longest), static_cast<float>(batch.rope_base), static_cast<float>(batch.rope_scale),
             batch.pooling, kind});
}

std::array<ContextEngine::ByLength, 4> ContextEngine::kinds() {
    return {{{false, false}, {true, false}, {false, true}, {true, true}}};
}

ContextEngine::ByLength ContextEngine::by_length(int64_t tokens) const {
    ByLength kind;
    kind.flash = tokens * tokens * model_.hparams.n_head() * static_cast<int64_t>(sizeof(float)) > max_score_bytes;
    kind.long_factors = has_factors_by_length(model_) && tokens > model_.hparams.n_ctx_orig_yarn;
    return kind;
}

/// llama.cpp takes the long factors in a context of more tokens than the original one, which it rounds up.
void ContextEngine::check_factors(const ByLength & kind, uint32_t tokens) const {
    const uint32_t original = model_.hparams.n_ctx_orig_yarn;
    if (has_factors_by_length(model_) && !kind.long_factors && GGML_PAD(tokens, context_step) > original) {
        throw Error(ErrorCode::architecture_unsupported,
                    "llama.cpp's context takes LongRoPE's factors for long texts for one of " + std::to_string(tokens) +
                        " tokens, since the model's original context, " + std::to_string(original) +
                        " tokens, is no multiple of " + std::to_string(context_step) + ".");
    }
}

void ContextEngine::embed_some(const Batch & batch, const ByLength & kind, int64_t & done, float * out,
                               Control & control) {
    const int32_t longest = longest_of(batch, kind);
    if (longest == 0) {
        return;
    }
    prepare(batch, longest, kind);

    const uint32_t  dimensions = model_.hparams.n_embd_out();
    const int32_t * tokens     = batch.tokens;
    for (int64_t i = 0; i < batch.n_sequences; tokens += batch.lengths[i++]) {
        if (!(by_length(batch.lengths[i]) == kind)) {
            continue;
        }
        control.check();
        embed_one(tokens, batch.lengths[i], out + i * dimensions, control);
        done += batch.lengths[i];
        control.report(static_cast<float>(done) / static_cast<float>(batch.n_tokens));
    }
}

void ContextEngine::prepare(const Setup & wanted) {
    const bool same = context_ && wanted.tokens <= setup_.tokens && wanted.rope_base == setup_.rope_base &&
                      wanted.rope_scale == setup_.rope_scale && wanted.pooling == setup_.pooling &&
                      wanted.by_length == setup_.by_length;
    if (same) {
        return;
    }
    check_factors(wanted.by_length, wanted.tokens);
    context_.reset();

    llama_context_params params = llama_context_default_params();
    params.n_ctx                = wanted.tokens;
    params.n_batch              = wanted.tokens;
    params.n_ubatch             = wanted.tokens; // pooling and bidirectional attention need a whole sequence at once
    params.n_seq_max            = 1;
    params.n_threads            = threads_;
    params.n_threads_batch      = threads_;
    params.embeddings           = true;
    params.flash_attn_type      = wanted.by_length.flash ? LLAMA_FLASH_ATTN_TYPE_AUTO : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.pooling_type         = pooling_type(wanted.pooling);
    params.rope_freq_base       = wanted.rope_base;
    params.rope_freq_scale =
        wanted.rope_scale == 1.0f ? 0.0f : model_.hparams.rope_freq_scale_train * wanted.rope_scale;

    clear_errors();
    // llama_init_from_model takes its model mutable for the sake of adapters; we attach none
    context_.reset(llama_init_from_model(const_cast<llama_model *>(&model_), params), [](llama_context * context) {
        if (context != nullptr) {
            llama_free(context);
        }
    });
    if (!context_) {
        const std::string reason = logged_errors();
        throw Error(reason.find("alloc") != std::string::npos ? ErrorCode::out_of_memory : ErrorCode::backend,
                    "llama.cpp could not make a context for " + std::to_string(wanted.tokens) + " tokens" +
                        (reason.empty() ? "." : ": " + reason + "."));
    }
    setup_ = wanted;
    used_  = false;
    try {
        memory_of_context().check(wanted.tokens);
    } catch (const Error &) {
        context_.reset();
        throw;
    }
}

void ContextEngine::warm_up(const int32_t * tokens, int32_t n, Control & control) {
    if (warmed_up_ || threads_ == 1) {
        return;
    }
    constexpr int32_t max_tokens = 2;
    llama_set_n_threads(context_.get(), 1, 1);
    compute(tokens, std::min(n, max_tokens), control);
    llama_set_n_threads(context_.get(), threads_, threads_);
    warmed_up_ = true;
}

int ContextEngine::compute(const int32_t * tokens, int32_t n, Control & control) {
    used_ = true;
    if (llama_memory_t memory = llama_get_memory(context_.get()); memory != nullptr) {
        llama_memory_clear(memory, true);
    }
    const OneSequence sequence(tokens, n);
    const bool        encoder_only = llama_model_has_encoder(&model_) && !llama_model_has_decoder(&model_);

    clear_errors();
    llama_set_abort_callback(context_.get(), is_cancelled, &control);
    const int status =
        encoder_only ? llama_encode(context_.get(), sequence.batch) : llama_decode(context_.get(), sequence.batch);
    llama_set_abort_callback(context_.get(), nullptr, nullptr);
    control.check();
    return status;
}

void ContextEngine::embed_one(const int32_t * tokens, int32_t n, float * out, Control & control) {
    warm_up(tokens, n, control);
    const int status = compute(tokens, n, control);
    if (status != 0) {
        throw Error(ErrorCode::backend, "llama.cpp failed on a sequence of " + std::to_string(n) + " tokens (status " +
                                            std::to_string(status) + "): " + logged_errors() + ".");
    }
    const float * vector = llama_get_embeddings_seq(context_.get(), 0);
    if (vector == nullptr) {
        throw Error(ErrorCode::architecture_unsupported,
                    "llama.cpp gives no pooled vector for models of this architecture.");
    }
    std::copy_n(vector, model_.hparams.n_embd_out(), out);
}

} // namespace longembed
