#include "graph_engine.h"

#include <algorithm>

#include "error.h"
#include "forward_pass.h"
#include "graph_memory.h"
#include "layout.h"
#include "llama-model.h"
#include "packed_plan.h"

namespace longembed {

namespace {

// Tokens computed at once: enough for full speed in matrix products, few enough that a block's widest activation (the
// feed-forward part's) is small beside what is kept for all tokens, also where many lanes compute side by side.
constexpr int64_t most_block_tokens  = 512;
constexpr int64_t most_block_tokens_gpu = 2048; // a GPU needs larger products, and fewer of them, to be busy
constexpr int64_t least_block_tokens = 64;
constexpr int64_t tokens_side_by_side = 4096;

/// Blocks of about the same size, as many as lanes or a multiple of that.
int64_t choose_block_tokens(int64_t tokens, int lanes, bool on_cpu) {
    const int64_t most   = std::clamp(tokens_side_by_side / lanes, least_block_tokens, on_cpu ? most_block_tokens : most_block_tokens_gpu);
    const int64_t rounds = (tokens + most * lanes - 1) / (most * lanes);
    return std::min(most, std::max<int64_t>(1, (tokens + rounds * lanes - 1) / (rounds * lanes)));
}

int64_t longest_block(const Layout & layout) {
    int64_t longest = 0;
    for (const auto * blocks : {&layout.whole, &layout.parts}) {
        for (const Block & block : *blocks) {
            longest = std::max(longest, block.tokens);
        }
    }
    return longest;
}

/// The mean over layers of what their tensors have.
template <typename Measure> double mean_of_layers(const llama_model & model, Measure measure) {
    double sum = 0.0;
    for (const auto & named : llama_internal_get_tensor_map(&model)) {
        if (named.first.rfind("blk.", 0) == 0) {
            sum += static_cast<double>(measure(named.second));
        }
    }
    return sum / std::max<uint32_t>(1, model.hparams.n_layer());
}

} // namespace

GraphEngine::GraphEngine(const llama_model & model, int threads, Precision precision)
    : model_(model), architecture_(make_architecture(model)), lanes_(model, threads),
      kernels_(lanes_.main_is_cpu() ? cpu_kernels(precision) : CpuKernels{}), layer_parameters_(mean_of_layers(model, ggml_nelements)),
      flash_head_size_(lanes_.flash_head_size(architecture_->attention().head_size, kv_type())), layer_bytes_(static_cast<uint64_t>(mean_of_layers(model, ggml_nbytes))) {
    if (precision == Precision::bf16 && kernels_.gemm == nullptr) {
        throw Error(ErrorCode::invalid_option, lanes_.main_is_cpu()
                                                   ? "The precision bf16 needs a CPU with BF16 instructions (AVX512-BF16), which this machine's has not. Leave it out: full precision runs everywhere."
                                                   : "The precision bf16 is for CPUs, and this model runs on a GPU. Leave it out, or choose the backend cpu.");
    }
    for (int layer = 0; layer < static_cast<int>(model.hparams.n_layer()); ++layer) {
        gpu_layers_ += ggml_backend_dev_type(model.dev_layer(layer)) == GGML_BACKEND_DEVICE_TYPE_CPU ? 0 : 1;
    }
}

struct GraphEngine::Plan {
    const Batch & batch;
    int           shares;
    Layout        layout;
    PackedPlan    packed;

    Plan(const GraphEngine & engine, const Batch & batch)
        : batch(batch), shares(engine.lanes_.shares(batch.n_tokens)), layout(batch, engine.choose_cut(batch, shares)),
          packed(batch, layout, engine.architecture_->position_rows(), engine.architecture_->attention().causal) {}
};

void GraphEngine::embed(const Batch & batch, float * out, Control & control) {
    const Plan          plan(*this, batch);
    const WorkspaceSize needed = size_for(plan);
    if (!has_room(needed)) {
        make_room(plan, needed);
    }
    workspace_->upload(plan.packed);
    const PassSetup setup = setup_for(plan, *workspace_);
    ForwardPass(setup, lanes_, plan.shares, control).run(out);
}

MemoryEstimate GraphEngine::memory(const Batch & batch) {
    const Plan          plan(*this, batch);
    const WorkspaceSize needed = size_for(plan);
    return memory_for(plan, has_room(needed) ? workspace_->size() : grown_to(needed));
}

WorkspaceSize GraphEngine::size_for(const Plan & plan) const {
    WorkspaceSize size;
    size.tokens       = plan.layout.tokens;
    size.longest      = plan.layout.longest;
    size.rows         = static_cast<int64_t>(plan.packed.row_ids.size());
    size.block        = longest_block(plan.layout);
    size.lanes        = plan.shares;
    size.dimensions   = model_.hparams.n_embd;
    size.own_kernel   = kernels_.attention != nullptr;
    size.numbers_per_item = kernels_.pack_factor;
    size.keep_queries = architecture_->qkv(0).is_fused();
    size.between_rows = !plan.packed.positions_upper.empty();
    size.flash_head_size = flash_head_size_;
    size.self_extend_score_bytes = lanes_.main_is_cpu() ? SelfExtend::score_bytes : SelfExtend::score_bytes_gpu;
    if (plan.packed.self_extend) {
        // a window beyond the longest sequence sees all of it as near; masks need not be wider
        size.self_extend_window = std::min<int64_t>(plan.batch.self_extend_window, plan.layout.longest);
    }
    return size;
}

PassSetup GraphEngine::setup_for(const Plan & plan, const Workspace & workspace) const {
    PassSetup setup{*architecture_, static_cast<int>(model_.hparams.n_layer()), layer_parameters_, workspace, plan.layout, plan.packed,
                    plan.batch.pooling != Pooling::mean, kernels_, lanes_.main_is_cpu(), std::nullopt};
    if (architecture_->rope() != nullptr) {
        setup.rope = architecture_->rope()->with(plan.batch.rope_base, plan.batch.rope_scale);
    }
    return setup;
}

Cut GraphEngine::choose_cut(const Batch & batch, int shares) const {
    const int64_t tokens = choose_block_tokens(batch.n_tokens, shares, lanes_.main_is_cpu());
    if (kernels_.attention != nullptr) {
        // a tile of keys is written by one lane only
        return {(tokens + tile_keys - 1) / tile_keys * tile_keys, tile_keys, 1};
    }
    return {tokens, 1, batch.uses_self_extend() ? SelfExtend::alignment : 1};
}

MemoryEstimate GraphEngine::memory_for(const Plan & plan, const WorkspaceSize & size) const {
    const auto        planned = new_workspace(size, Workspace::Room::planned);
    const BufferSizes graphs  = measure_graphs(setup_for(plan, *planned), model_);

    MemoryEstimate   need;
    need.layer_bytes = layer_bytes_;
    need.gpu_layers  = gpu_layers_;
    const size_t has         = workspace_ ? workspace_->bytes() : 0;
    DeviceMemory & main      = need.on(lanes_.main_buffer_type());
    main.activations         = planned->bytes();
    main.missing             = planned->bytes() - std::min(planned->bytes(), has);
    for (const auto & [buffers, bytes] : graphs) {
        need.on(buffers).graphs += bytes * plan.shares;
    }
    for (const auto & [buffers, bytes] : lanes_.missing(plan.shares, graphs)) {
        need.on(buffers).missing += bytes;
    }
    return need;
}

void GraphEngine::make_room(const Plan & plan, const WorkspaceSize & needed) {
    WorkspaceSize size = grown_to(needed);
    try {
        memory_for(plan, size).check(plan.layout.tokens);
    } catch (const Error &) {
        // what other batches needed must not keep this one from its room
        size = needed;
        memory_for(plan, size).check(plan.layout.tokens);
    }
    workspace_.reset(); // before the new one, so that both are never held at once
    workspace_ = new_workspace(size, Workspace::Room::allocated);
    const PassSetup setup = setup_for(plan, *workspace_);
    lanes_.for_each(plan.shares, [&](Lane & lane, int number) { reserve_graphs(setup, lane, number); });
}

std::unique_ptr<Workspace> GraphEngine::new_workspace(const WorkspaceSize & size, Workspace::Room room) const {
    return std::make_unique<Workspace>(size, architecture_->attention(), kv_type(), lanes_.main_buffer_type(), room);
}

} // namespace longembed
