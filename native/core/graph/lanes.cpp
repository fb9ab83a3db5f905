#include "lanes.h"

#include <algorithm>

namespace longembed {

namespace {

// With fewer tokens than this for each lane, every lane reading all weights costs more than meeting after each operation.
constexpr int64_t least_tokens_per_lane = 48;

} // namespace

Lanes::Lanes(const llama_model & model, int threads) : wide_(model, threads), team_(wide_.main_is_cpu() ? threads : 1) {
    for (int i = 0; team_.members() > 1 && i < team_.members(); ++i) {
        narrow_.push_back(std::make_unique<Lane>(model, 1));
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
