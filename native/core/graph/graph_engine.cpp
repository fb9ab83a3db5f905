#include "graph_engine.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <utility>

#include "attention/key_slots.h"
#include "error.h"
#include "forward_pass.h"
#include "graph_memory.h"
#include "kernels/relative_speed.h"
#include "layout.h"
#include "llama-model.h"
#include "ops/weights.h"
#include "packed_batch.h"

namespace longembed {

namespace {

// Tokens computed at once: enough for full speed in matrix products, few enough that a block's widest activation (the
// feed-forward part's) is small beside what is kept for all tokens, also where many streams compute side by side.
constexpr int64_t max_block_tokens     = 512;
constexpr int64_t max_block_tokens_gpu = 4096; // a GPU needs larger products, and fewer of them, to be busy
constexpr int64_t min_block_tokens     = 64;
constexpr int64_t tokens_side_by_side  = 4096;

/// Blocks of about the same size, as many as streams or a multiple of that.
/// @param limit  the maximum on this device
int64_t choose_block_tokens(int64_t tokens, int streams, int64_t limit) {
    const int64_t max    = std::min(limit, std::max(tokens_side_by_side / streams, min_block_tokens));
    const int64_t rounds = (tokens + max * streams - 1) / (max * streams);
    return std::min(max, std::max<int64_t>(1, (tokens + rounds * streams - 1) / (rounds * streams)));
}

/// How long streams take that compute a text side by side, in tokens of one of them: they take blocks as they come, and
/// each block costs `per_block` beside its tokens.
int64_t time_of_blocks(int64_t tokens, int64_t block, int streams, int64_t per_block) {
    const int64_t full = tokens / block;
    const int64_t rest = tokens % block;
    const int64_t last = full % streams > 0 ? block + per_block : 0;
    return full / streams * (block + per_block) + std::max(last, rest > 0 ? rest + per_block : 0);
}

/// The size, a multiple of `step`, with which a short text is done first.
int64_t fastest_block(int64_t tokens, int64_t step, int64_t max, int streams, int64_t per_block) {
    int64_t best = std::max(step, max / step * step);
    for (int64_t block = best; block >= step; block -= step) {
        if (time_of_blocks(tokens, block, streams, per_block) < time_of_blocks(tokens, best, streams, per_block)) {
            best = block;
        }
    }
    return best;
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

/// Matrices of a tensor that a token is multiplied by: more than one in mixtures of experts.
int64_t matrices_in_use(const llama_model & model, const ggml_tensor * tensor) {
    return tensor->ne[2] > 1 ? static_cast<int64_t>(model.hparams.n_expert_used()) : 1;
}

/// Numbers of a tensor that a token is multiplied by.
int64_t weights_in_use(const llama_model & model, const ggml_tensor * tensor) {
    return ggml_nelements(tensor) / tensor->ne[2] * matrices_in_use(model, tensor);
}

/// The mean over layers of what their tensors have.
template <typename Measure> double mean_of_layers(const llama_model & model, Measure measure) {
    double sum = 0.0;
    for (const auto & named : llama_internal_get_tensor_map(&model)) {
        if (layer_of(named.first) >= 0) {
            sum += static_cast<double>(measure(named.second));
        }
    }
    return sum / std::max<uint32_t>(1, model.hparams.n_layer());
}

/// @throws Error ERR_INVALID_OPTION if the precision bf16 is impossible here, or no faster than full precision
void check_bf16(const AttentionDevice & device) {
    if (!device.is_cpu) {
        throw Error(ErrorCode::invalid_option, "The precision bf16 is for CPUs, and this model runs on a GPU. Leave it "
                                               "out, or choose the backend cpu.");
    }
    if (device.kernels.gemm == nullptr) {
        throw Error(
            ErrorCode::invalid_option,
            "The precision bf16 needs a CPU with BF16 instructions (AVX512-BF16 or AMX), which this machine's has "
            "not. Leave it out: full precision runs everywhere.");
    }
    // measured once, so that all models of a process agree
    static const double gain = relative_speed(device.kernels, cpu_kernels());
    if (gain < min_bf16_gain && !is_requested(device.kernels)) {
        char measured[16];
        std::snprintf(measured, sizeof(measured), "%.2f", gain);
        throw Error(ErrorCode::invalid_option,
                    std::string("The precision bf16 would only lose digits on this processor: its BF16 instructions "
                                "reach ") +
                        measured +
                        " times the speed of full precision (measured now). Leave it out. "
                        "LONGEMBED_KERNELS=" +
                        device.kernels.name + " forces it.");
    }
}

/// The most inputs of a product with weights.
int64_t widest_inputs(const llama_model & model) {
    int64_t widest = model.hparams.n_embd;
    for (const auto & named : llama_internal_get_tensor_map(&model)) {
        if (layer_of(named.first) >= 0 && ggml_n_dims(named.second) > 1) {
            widest = std::max(widest, named.second->ne[0]);
        }
    }
    return widest;
}

/// As many tokens as make products large, where the device can read and write the widest of them.
int64_t max_block_tokens_on(const AttentionDevice & device, const llama_model & model) {
    if (device.is_cpu) {
        return max_block_tokens;
    }
    int64_t widest = model.hparams.n_embd;
    for (const auto & named : llama_internal_get_tensor_map(&model)) {
        if (layer_of(named.first) >= 0) {
            widest = std::max(widest, named.second->ne[1] * matrices_in_use(model, named.second));
        }
    }
    const auto most = static_cast<int64_t>(device.max_operand_bytes / sizeof(float)) / widest;
    return std::clamp(most / min_block_tokens * min_block_tokens, min_block_tokens, max_block_tokens_gpu);
}

/// Flash attention for self-extend takes doubled heads; values need no doubling where keys and values may differ.
void set_doubled_sizes(AttentionDevice & device, const Streams & streams, int64_t head_size) {
    if (device.is_cpu || kernels_are("ggml-composed")) {
        return; // on a CPU streams side by side would share what FlashSelfExtend copies
    }
    const std::string backend = streams.main_backend();
    if (backend == "Vulkan") {
        device.doubled_key_size   = 2 * head_size;
        device.doubled_value_size = head_size;
        return;
    }
    const int64_t size = streams.flash_head_size(2 * head_size, device.kv_type());
    // CUDA has one kernel for smaller values, of our own (cmake/patched-ggml.cmake); Metal says yes to sizes that it
    // has no kernel for
    constexpr int64_t cuda_keys = 256, cuda_values = 128;
    const bool        smaller =
        backend == "CUDA" && size == cuda_keys && streams.has_flash(cuda_keys, cuda_values, device.kv_type());
    const int64_t values = smaller ? cuda_values : size;
    if (streams.has_flash(size, values, device.kv_type())) {
        device.doubled_key_size   = size;
        device.doubled_value_size = values;
    }
}

/// Whether every layer is on the same GPU, so that all operations are.
bool is_on_one_gpu(const llama_model & model) {
    bool is_same = model.hparams.n_layer() > 0;
    for (int layer = 0; layer < static_cast<int>(model.hparams.n_layer()); ++layer) {
        is_same = is_same && model.dev_layer(layer) == model.dev_layer(0);
    }
    return is_same && ggml_backend_dev_type(model.dev_layer(0)) != GGML_BACKEND_DEVICE_TYPE_CPU;
}

AttentionDevice device_of(const llama_model & model, const Streams & streams, const AttentionShape & shape,
                          Precision precision, const RepackedWeights * repacked) {
    AttentionDevice device{};
    device.is_cpu = streams.main_is_cpu();
    if (device.is_cpu) {
        device.kernels          = cpu_kernels(precision);
        device.kernels.repacked = repacked;
    }
    if (precision == Precision::bf16) {
        check_bf16(device);
    }
    device.flash_head_size   = streams.flash_head_size(shape.head_size, device.kv_type());
    device.max_operand_bytes = streams.max_operand_bytes();
    device.hides_later_keys  = shape.causal && is_on_one_gpu(model) && streams.hides_later_keys();
    set_doubled_sizes(device, streams, shape.head_size);
    return device;
}

} // namespace

GraphEngine::GraphEngine(const llama_model & model, int threads, Precision precision, const LaneShare & share)
    : model_(model), architecture_(make_architecture(model)), streams_(model, threads, share),
      device_(device_of(model, streams_, architecture_->attention(0), precision, share.repacked)),
      layer_parameters_(
          mean_of_layers(model, [&](const ggml_tensor * tensor) { return weights_in_use(model, tensor); })),
      layer_bytes_(static_cast<uint64_t>(mean_of_layers(model, ggml_nbytes))), widest_inputs_(widest_inputs(model)),
      max_block_tokens_(max_block_tokens_on(device_, model)), layers_(model.hparams.n_layer()) {
    std::iota(layers_.begin(), layers_.end(), 0);
    for (int layer = 0; layer < static_cast<int>(model.hparams.n_layer()); ++layer) {
        gpu_layers_ += ggml_backend_dev_type(model.dev_layer(layer)) == GGML_BACKEND_DEVICE_TYPE_CPU ? 0 : 1;
    }
}

GraphEngine::GraphEngine(const llama_model & model, int threads, std::vector<int> layers, int64_t block_tokens)
    : GraphEngine(model, threads, Precision::full) {
    layers_           = std::move(layers);
    max_block_tokens_ = block_tokens;
}

struct GraphEngine::Plan {
    const Batch & batch;
    int           parallelism;
    Layout        layout;
    PackedBatch   packed;

    Plan(const GraphEngine & engine, const Batch & batch)
        : batch(batch), parallelism(engine.streams_.parallelism(batch.n_tokens, batch.n_sequences)),
          layout(batch, engine.choose_cut(batch, parallelism)), packed(batch, layout, *engine.architecture_) {}
};

void GraphEngine::embed(const Batch & batch, float * out, Control & control) {
    const Plan          plan(*this, batch);
    const WorkspaceSize needed = size_for(plan);
    if (!has_capacity(needed)) {
        reserve(plan, needed);
    }
    workspace_->upload(plan.packed);
    const PassSetup setup = setup_for(plan, *workspace_);
    ForwardPass(setup, streams_, plan.parallelism, control).run(out);
}

MemoryEstimate GraphEngine::memory(const Batch & batch) {
    const Plan          plan(*this, batch);
    const WorkspaceSize needed = size_for(plan);
    return memory_for(plan, has_capacity(needed) ? workspace_->size() : grown_to(needed));
}

WorkspaceSize GraphEngine::size_for(const Plan & plan) const {
    WorkspaceSize size;
    size.tokens       = plan.layout.tokens;
    size.longest      = plan.layout.longest;
    size.key_slots    = device_.kernels.attention == nullptr ? 0 : KeySlots::count(plan.layout);
    size.rows         = static_cast<int64_t>(plan.packed.row_ids.size());
    size.block        = longest_block(plan.layout);
    size.streams      = plan.parallelism;
    size.between_rows = !plan.packed.positions_upper.empty();
    if (plan.packed.self_extend) {
        // a window beyond the longest sequence sees all of it as near; masks need not be wider
        size.self_extend_window = std::min<int64_t>(plan.batch.self_extend_window, plan.layout.longest);
    }
    if (plan.packed.self_extend || architecture_->attention(0).bias != nullptr) {
        size.sequences = static_cast<int64_t>(plan.layout.sequences.size()); // each has rows of its own
    }
    return size;
}

PassSetup GraphEngine::setup_for(const Plan & plan, Workspace & workspace) const {
    workspace.lay_out(plan.layout);
    return {*architecture_,  static_cast<int>(layers_.size()),
            layers_.data(),  layer_parameters_,
            workspace,       plan.layout,
            plan.packed,     plan.packed.pools_rows(),
            device_.kernels, device_.max_operand_bytes};
}

Cut GraphEngine::choose_cut(const Batch & batch, int parallelism) const {
    const AttentionAlignment alignment = attention_alignment(device_, batch.uses_self_extend());
    const int64_t            per_block = device_.kernels.repacked != nullptr ? 2 : 14; // of time for weights
    const bool               one_short =
        parallelism > 1 && batch.n_sequences == 1 && batch.n_tokens <= max_block_tokens_ * parallelism;
    const int64_t tokens =
        one_short ? fastest_block(batch.n_tokens, alignment.block, max_block_tokens_, parallelism, per_block)
                  : choose_block_tokens(batch.n_tokens, parallelism, max_block_tokens_);
    // where each stream has a block or less, they are equal
    const int streams = batch.n_tokens > parallelism * tokens ? parallelism : 1;
    return {round_up(tokens, alignment.block), alignment.block, alignment.sequence, streams};
}

MemoryEstimate GraphEngine::memory_for(const Plan & plan, const WorkspaceSize & size) const {
    const auto        planned = new_workspace(size, Workspace::Memory::dry_run);
    const BufferSizes graphs  = measure_graphs(setup_for(plan, *planned), model_);

    MemoryEstimate need;
    need.layer_bytes    = layer_bytes_;
    need.gpu_layers     = gpu_layers_;
    const size_t   has  = workspace_ ? workspace_->bytes() : 0;
    DeviceMemory & main = need.on(streams_.main_buffer_type());
    main.activations    = planned->bytes();
    main.missing        = planned->bytes() - std::min(planned->bytes(), has);
    for (const auto & [buffers, bytes] : graphs) {
        need.on(buffers).graphs += bytes * plan.parallelism;
    }
    for (const auto & [buffers, bytes] : streams_.missing(plan.parallelism, graphs)) {
        need.on(buffers).missing += bytes;
    }
    const size_t   scratch = scratch_bytes(size);
    const size_t   taken   = workspace_ ? scratch_bytes(workspace_->size()) : 0;
    DeviceMemory & cpu     = need.on(streams_.main_buffer_type());
    cpu.graphs += scratch;
    cpu.missing += scratch - std::min(scratch, taken);
    return need;
}

size_t GraphEngine::scratch_bytes(const WorkspaceSize & size) const {
    if (device_.kernels.gemm == nullptr) {
        return 0; // ggml's own products have a part of the graph's memory
    }
    return size.streams * device_.kernels.gemm_scratch(size.block, widest_inputs_) * sizeof(float);
}

void GraphEngine::reserve(const Plan & plan, const WorkspaceSize & needed) {
    WorkspaceSize size = grown_to(needed);
    try {
        memory_for(plan, size).check(plan.layout.tokens);
    } catch (const Error &) {
        // capacity for other batches must not keep this one from its own
        size = needed;
        memory_for(plan, size).check(plan.layout.tokens);
    }
    workspace_.reset(); // before the new one, so that both are never held at once
    workspace_            = new_workspace(size, Workspace::Memory::allocated);
    const PassSetup setup = setup_for(plan, *workspace_);
    streams_.for_each(plan.parallelism, [&](Stream & stream, int number) { reserve_graphs(setup, stream, number); });
}

std::unique_ptr<Workspace> GraphEngine::new_workspace(const WorkspaceSize & size, Workspace::Memory memory) const {
    return std::make_unique<Workspace>(size, *architecture_, model_.hparams.n_embd, device_,
                                       streams_.main_buffer_type(), memory);
}

} // namespace longembed
