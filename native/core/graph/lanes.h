#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "lane.h"
#include "thread_team.h"

struct llama_model;

namespace longembed {

/// The lanes of a model. On the CPU there is one for each thread, and pieces of work (blocks of tokens) are shared out among
/// them; for inputs too short to be shared out, and on a GPU, there is one that takes all threads for each operation.
class Lanes {
public:
    /// @param threads  CPU threads, >= 1
    Lanes(const llama_model & model, int threads);

    bool main_is_cpu() const { return wide_.main_is_cpu(); }
    ggml_backend_buffer_type_t main_buffer_type() const { return wide_.main_buffer_type(); }

    /// Size of a head, at least `head_size`, for which the device has flash attention with keys and values of `type`; heads are
    /// padded to it. `head_size` where the device has none: ggml then computes it on the CPU.
    int64_t flash_head_size(int64_t head_size, ggml_type type) const;

    /// Says what the next runs compute in all: little is computed by one thread.
    void expect(double operations);

    /// Lanes that would share `tokens` out: 1, or one a thread.
    int shares(int64_t tokens) const;

    /// What the graphs of `shares` lanes side by side need beyond what they have, where each needs as much as `needed` says.
    BufferSizes missing(int shares, const BufferSizes & needed) const;

    /// Calls prepare(lane, its number) for each of `shares` lanes, on the calling thread.
    void for_each(int shares, const std::function<void(Lane & lane, int number)> & prepare);

    /// Calls work(lane, its number, piece) for every piece, on `shares` lanes side by side, and returns when all are done.
    void run(int shares, int64_t pieces, const std::function<void(Lane & lane, int number, int64_t piece)> & work);

private:
    Lane                               wide_;
    std::vector<std::unique_ptr<Lane>> narrow_;
    ThreadTeam                         team_;
};

} // namespace longembed
