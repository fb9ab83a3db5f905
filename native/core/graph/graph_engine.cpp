#include "graph_engine.h"

#include <algorithm>

#include "forward_pass.h"
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

double parameters_per_layer(const llama_model & model) {
    double parameters = 0.0;
    for (const auto & named : llama_internal_get_tensor_map(&model)) {
        if (named.first.rfind("blk.", 0) == 0) {
            parameters += static_cast<double>(ggml_nelements(named.second));
        }
    }
    return parameters / std::max<uint32_t>(1, model.hparams.n_layer());
}

} // namespace

GraphEngine::GraphEngine(const llama_model & model, int threads)
    : model_(model), architecture_(make_architecture(model)), lanes_(model, threads),
      kernels_(lanes_.main_is_cpu() ? cpu_kernels() : CpuKernels{}), layer_parameters_(parameters_per_layer(model)),
      flash_head_size_(lanes_.flash_head_size(architecture_->attention().head_size, kv_type())) {}

void GraphEngine::embed(const Batch & batch, float * out, Control & control) {
    const AttentionShape & shape  = architecture_->attention();
    const int              shares = lanes_.shares(batch.n_tokens);
    const Layout           layout(batch, choose_cut(batch, shares));
    const PackedPlan       plan(batch, layout, architecture_->position_rows(), shape.causal);

    WorkspaceSize needed;
    needed.tokens       = layout.tokens;
    needed.longest      = layout.longest;
    needed.rows         = static_cast<int64_t>(plan.row_ids.size());
    needed.block        = longest_block(layout);
    needed.lanes        = shares;
    needed.dimensions   = model_.hparams.n_embd;
    needed.own_kernel   = kernels_.attention != nullptr;
    needed.keep_queries = architecture_->qkv(0).is_fused();
    needed.between_rows = !plan.positions_upper.empty();
    needed.flash_head_size = flash_head_size_;
    if (plan.self_extend) {
        // a window beyond the longest sequence sees all of it as near; masks need not be wider
        needed.self_extend_window = std::min<int64_t>(batch.self_extend_window, layout.longest);
    }
    make_room(needed);
    workspace_->upload(plan);

    PassSetup setup{*architecture_, static_cast<int>(model_.hparams.n_layer()), layer_parameters_, *workspace_, layout, plan,
                    batch.pooling != Pooling::mean, kernels_, lanes_.main_is_cpu(), std::nullopt};
    if (architecture_->rope() != nullptr) {
        setup.rope = architecture_->rope()->with(batch.rope_base, batch.rope_scale);
    }
    ForwardPass(setup, lanes_, shares, control).run(out);
}

Cut GraphEngine::choose_cut(const Batch & batch, int shares) const {
    const int64_t tokens = choose_block_tokens(batch.n_tokens, shares, lanes_.main_is_cpu());
    if (kernels_.attention != nullptr) {
        // a tile of keys is written by one lane only
        return {(tokens + tile_keys - 1) / tile_keys * tile_keys, tile_keys, 1};
    }
    return {tokens, 1, batch.uses_self_extend() ? SelfExtend::alignment : 1};
}

void GraphEngine::make_room(const WorkspaceSize & needed) {
    if (workspace_ && needed.fits_in(workspace_->size())) {
        return;
    }
    // batches of different shapes in turn must not each make room anew
    const WorkspaceSize size = workspace_ ? needed.grown_to(workspace_->size()) : needed;
    workspace_.reset(); // before the new one, so that both are never held at once
    workspace_ = std::make_unique<Workspace>(size, architecture_->attention(), kv_type(), lanes_.main_buffer_type());
}

} // namespace longembed
