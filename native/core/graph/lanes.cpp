#include "lanes.h"

#include <algorithm>

#include "ggml-cpp.h"
#include "kernels/cpu_kernels.h"

namespace longembed {

namespace {

// With fewer tokens than this for each lane, every lane reading all weights costs more than meeting after each operation.
constexpr int64_t least_tokens_per_lane = 48;

// Below this, a millisecond or two, threads that meet after every operation win little, and where other programs use the cores
// one of them waits for the other far longer than the whole would take.
constexpr double least_operations_for_many = 5e8;

// the largest that any GPU backend computes without conditions on the rest of the shape
constexpr int64_t most_head_size = 256;

} // namespace

Lanes::Lanes(const llama_model & model, int threads) : wide_(model, threads), team_(wide_.main_is_cpu() ? threads : 1) {
    for (int i = 0; team_.members() > 1 && i < team_.members(); ++i) {
        narrow_.push_back(std::make_unique<Lane>(model, 1));
    }
}

int64_t Lanes::flash_head_size(int64_t head_size, ggml_type type) const {
    // matrix units take heads in multiples of 16
    for (int64_t size = head_size; size <= most_head_size; size = (size / 16 + 1) * 16) {
        const ggml_context_ptr ctx(ggml_init({8 * ggml_tensor_overhead(), nullptr, /*no_alloc*/ true}));
        ggml_tensor * q = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F32, size, 64, 1);
        ggml_tensor * k = ggml_new_tensor_3d(ctx.get(), type, size, 64, 1);
        const bool padded = !pads_heads_as_cuda() || size % 64 == 0; // CUDA has no flash attention for heads of 32
        if (padded && wide_.supports(ggml_flash_attn_ext(ctx.get(), q, k, k, nullptr, 1.0f, 0.0f, 0.0f))) {
            return size;
        }
    }
    return head_size;
}

void Lanes::expect(double operations) {
    if (main_is_cpu()) {
        wide_.use_threads(operations < least_operations_for_many ? 1 : team_.members());
    }
}

int Lanes::shares(int64_t tokens) const {
    return tokens >= least_tokens_per_lane * team_.members() ? team_.members() : 1;
}

BufferSizes Lanes::missing(int shares, const BufferSizes & needed) const {
    BufferSizes sizes;
    for (int i = 0; i < shares; ++i) {
        const BufferSizes has = (shares == 1 ? wide_ : *narrow_[i]).graph_memory();
        for (const auto & [buffers, bytes] : needed) {
            const auto found = has.find(buffers);
            sizes[buffers] += bytes - std::min(bytes, found == has.end() ? 0 : found->second);
        }
    }
    return sizes;
}

void Lanes::for_each(int shares, const std::function<void(Lane &, int)> & prepare) {
    for (int i = 0; i < shares; ++i) {
        prepare(shares == 1 ? wide_ : *narrow_[i], i);
    }
}

void Lanes::run(int shares, int64_t pieces, const std::function<void(Lane &, int, int64_t)> & work) {
    if (shares == 1) {
        for (int64_t piece = 0; piece < pieces; ++piece) {
            work(wide_, 0, piece);
        }
        return;
    }
    team_.run(pieces, [&](int member, int64_t piece) { work(*narrow_[member], member, piece); });
}

} // namespace longembed
