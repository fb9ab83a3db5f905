#include "streams.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "ggml-cpp.h"

namespace longembed {

namespace {

// With fewer tokens than this a stream, it costs more that every stream reads all weights than to meet after each
// operation.
constexpr int64_t min_tokens_per_stream = 48;

// Below this, a millisecond or two, threads that meet after every operation gain little, and where other programs use
// the cores, one of them waits for the other far longer than the whole would take.
constexpr double min_operations_for_many = 5e8;

// the largest that any GPU backend computes without conditions on the rest of the shape
constexpr int64_t max_head_size = 256;

/// Whether heads are padded as for a CUDA device, which has no flash attention for heads of 32; for tests on a CPU.
bool pads_as_cuda() {
    const char * kernels = std::getenv("LONGEMBED_KERNELS");
    return kernels != nullptr && std::string(kernels) == "ggml-padded";
}

} // namespace

Streams::Streams(const llama_model & model, int threads)
    : wide_(model, threads), team_(wide_.main_is_cpu() ? threads : 1) {
    for (int i = 0; team_.members() > 1 && i < team_.members(); ++i) {
        narrow_.push_back(std::make_unique<Stream>(model, 1));
    }
}

int64_t Streams::flash_head_size(int64_t head_size, ggml_type type) const {
    // matrix units take heads in multiples of 16
    for (int64_t size = head_size; size <= max_head_size; size = (size / 16 + 1) * 16) {
        const ggml_context_ptr ctx(ggml_init({8 * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
        ggml_tensor *          q      = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F32, size, 64, 1);
        ggml_tensor *          k      = ggml_new_tensor_3d(ctx.get(), type, size, 64, 1);
        const bool             padded = !pads_as_cuda() || size % 64 == 0;
        if (padded && wide_.supports(ggml_flash_attn_ext(ctx.get(), q, k, k, nullptr, 1.0f, 0.0f, 0.0f))) {
            return size;
        }
    }
    return head_size;
}

void Streams::expect(double operations) {
    if (main_is_cpu()) {
        wide_.use_threads(operations < min_operations_for_many ? 1 : team_.members());
    }
}

int Streams::parallelism(int64_t tokens) const {
    return tokens >= min_tokens_per_stream * team_.members() ? team_.members() : 1;
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
    if (parallelism == 1) {
        for (int64_t piece = 0; piece < pieces; ++piece) {
            work(wide_, 0, piece);
        }
        return;
    }
    team_.run(pieces, [&](int member, int64_t piece) { work(*narrow_[member], member, piece); });
}

} // namespace longembed
