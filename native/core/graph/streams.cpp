#include "streams.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "attention/flash_params.h"
#include "ggml-cpp.h"

namespace longembed {

namespace {

// With fewer tokens than this a stream, it costs more that every stream unpacks all weights than to meet after each
// operation.
constexpr int64_t min_tokens_per_stream = 48;

// Where weights are unpacked already and no sequence must be divided, streams gain with as few as these.
constexpr int64_t min_tokens_per_stream_repacked = 16;

// the largest that any GPU backend computes without conditions on the rest of the shape
constexpr int64_t max_head_size = 256;

/// Whether heads are padded as for a CUDA device, which has no flash attention for heads of 32; for tests on a CPU.
bool pads_as_cuda() {
    return kernels_are("ggml-padded");
}

} // namespace

bool kernels_are(const char * name) {
    const char * kernels = std::getenv("LONGEMBED_KERNELS");
    return kernels != nullptr && std::string(kernels) == name;
}

Streams::Streams(const llama_model & model, int threads, const LaneShare & share)
    : share_(share), wide_(model, threads), wide_threads_(threads), team_(wide_.main_is_cpu() ? threads : 1),
      choice_(team_.members()) {
    for (int i = 0; team_.members() > 1 && i < team_.members(); ++i) {
        narrow_.push_back(std::make_unique<Stream>(model, 1));
    }
}

bool Streams::has_flash(int64_t key_size, int64_t value_size, ggml_type type) const {
    const ggml_context_ptr ctx(ggml_init({8 * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
    ggml_tensor *          q      = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F32, key_size, 64, 1);
    ggml_tensor *          k      = ggml_new_tensor_3d(ctx.get(), type, key_size, 64, 1);
    ggml_tensor *          v      = ggml_new_tensor_3d(ctx.get(), type, value_size, 64, 1);
    const bool             padded = !pads_as_cuda() || key_size % 64 == 0;
    // CUDA's kernels for heads of 40 and 72 do not use matrix units, and add up values in halves
    const bool coarse = std::string(main_backend()) == "CUDA" && key_size % 16 != 0;
    return padded && !coarse && wide_.supports(ggml_flash_attn_ext(ctx.get(), q, k, v, nullptr, 1.0f, 0.0f, 0.0f));
}

int64_t Streams::flash_head_size(int64_t head_size, ggml_type type) const {
    // matrix units take heads in multiples of 16
    for (int64_t size = head_size; size <= max_head_size; size = (size / 16 + 1) * 16) {
        if (has_flash(size, size, type)) {
            return size;
        }
    }
    return head_size;
}

bool Streams::hides_later_keys() const {
    // a backend that does not know the parameter says yes to a value that means nothing, too
    constexpr int64_t      size = 128, queries = 4096, meaningless = -2;
    const ggml_context_ptr ctx(ggml_init({8 * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
    ggml_tensor *          q         = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F32, size, queries, 32);
    ggml_tensor *          kv        = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F16, size, queries, 32);
    ggml_tensor *          attention = ggml_flash_attn_ext(ctx.get(), q, kv, kv, nullptr, 1.0f, 0.0f, 0.0f);
    hide_later_keys(attention, meaningless);
    if (wide_.supports(attention)) {
        return false;
    }
    hide_later_keys(attention, 0);
    return wide_.supports(attention);
}

size_t Streams::max_operand_bytes() const {
    if (main_is_cpu()) {
        return SIZE_MAX;
    }
    // no function of ggml tells; but a backend declines what is too large for it
    const auto fits = [&](size_t bytes) {
        const ggml_context_ptr ctx(ggml_init({4 * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
        ggml_tensor *          x = ggml_new_tensor_1d(ctx.get(), GGML_TYPE_F32, static_cast<int64_t>(bytes / 4));
        return wide_.supports(ggml_scale(ctx.get(), x, 1.0f));
    };
    constexpr size_t enough = size_t{1} << 40;
    constexpr size_t step   = size_t{1} << 20;
    if (fits(enough)) {
        return enough;
    }
    size_t yes = 0;
    for (size_t no = enough; no - yes > step;) {
        const size_t middle = yes + (no - yes) / 2 / step * step;
        if (middle == yes) {
            break;
        }
        (fits(middle) ? yes : no) = middle;
    }
    return yes;
}

void Streams::begin(double work) {
    work_  = work;
    begun_ = ThreadChoice::Clock::now();
    if (main_is_cpu()) {
        wide_threads_ = choice_.choose(work, begun_);
        wide_.use_threads(wide_threads_);
    }
}

void Streams::wait() {
    wide_.wait();
    for (const auto & stream : narrow_) {
        stream->wait();
    }
}

void Streams::end(int parallelism) {
    if (main_is_cpu() && parallelism == 1) {
        choice_.learn(wide_threads_, work_, begun_, ThreadChoice::Clock::now());
    }
}

void Streams::take_way(std::optional<RightOfWay::Taken> & taken, int parallelism) {
    if (share_.way == nullptr || share_.lane != Lane::express) {
        return;
    }
    taken.emplace(*share_.way, parallelism == 1 ? wide_threads_ : parallelism, team_.members());
    if (parallelism == 1) {
        // threads that meet after every operation need cores of their own
        wide_threads_ = taken->threads();
        wide_.use_threads(wide_threads_);
    }
}

int Streams::parallelism(int64_t tokens, int64_t sequences) const {
    const bool    whole = share_.repacked != nullptr && sequences >= team_.members();
    const int64_t least = whole ? min_tokens_per_stream_repacked : min_tokens_per_stream;
    return tokens >= least * team_.members() ? team_.members() : 1;
}

BufferSizes Streams::missing(int parallelism, const BufferSizes & needed) const {
    BufferSizes sizes;
    for (int i = 0; i < parallelism; ++i) {
        const BufferSizes has = (parallelism == 1 ? wide_ : *narrow_[i]).graph_memory();
        for (const auto & [buffers, bytes] : needed) {
            const auto found = has.find(buffers);
            sizes[buffers] += bytes - std::min(bytes, found == has.end() ? 0 : found->second);
        }
    }
    return sizes;
}

void Streams::for_each(int parallelism, const std::function<void(Stream &, int)> & prepare) {
    for (int i = 0; i < parallelism; ++i) {
        prepare(parallelism == 1 ? wide_ : *narrow_[i], i);
    }
}

void Streams::run(int parallelism, int64_t pieces, const std::function<void(Stream &, int, int64_t)> & work) {
    RightOfWay * const way = share_.lane == Lane::main ? share_.way : nullptr;
    if (parallelism == 1) {
        // where several threads meet after every operation, one that gives way would have the others wait for it
        const RightOfWay::Yielding yielding(wide_threads_ == 1 ? way : nullptr);
        for (int64_t piece = 0; piece < pieces; ++piece) {
            work(wide_, 0, piece);
        }
        return;
    }
    team_.run(pieces, [&](int member, int64_t piece) {
        const RightOfWay::Yielding yielding(way);
        RightOfWay::give_way();
        work(*narrow_[member], member, piece);
    });
}

} // namespace longembed
