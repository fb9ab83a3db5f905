#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine.h"
#include "stream.h"
#include "thread_choice.h"
#include "thread_team.h"

struct llama_model;

namespace longembed {

/// Whether LONGEMBED_KERNELS has this value.
bool kernels_are(const char * name);

/// The streams of a model. On the CPU there is one for each thread, which take pieces of work (blocks of tokens) as
/// they come; for inputs too short for that, and on a GPU, there is one that takes all threads for each operation.
class Streams {
public:
    /// @param threads  CPU threads, >= 1
    /// @param share    the main lane's give way to those of the express lane
    Streams(const llama_model & model, int threads, const LaneShare & share);

    bool                       main_is_cpu() const { return wide_.main_is_cpu(); }
    ggml_backend_buffer_type_t main_buffer_type() const { return wide_.main_buffer_type(); }

    /// Size of a head, at least `head_size`, for which the device has flash attention with keys and values of `type`;
    /// heads are padded to it. `head_size` where the device has none: ggml then computes it on the CPU.
    int64_t flash_head_size(int64_t head_size, ggml_type type) const;

    /// Whether the device has flash attention for keys and values of these head sizes.
    bool has_flash(int64_t key_size, int64_t value_size, ggml_type type) const;

    /// Whether the device's flash attention can hide later keys without a mask (flash_params.h), for some shapes at least.
    bool hides_later_keys() const;

    /// Bytes of the largest tensor, or part of one, that an operation of the device can read or write.
    size_t max_operand_bytes() const;

    /// The name of its backend, e.g. "Vulkan".
    const char * main_backend() const { return wide_.main_backend(); }

    /// Announces an input, and how much work it takes in all, in operations: where it is short, one thread computes it,
    /// or all that share its operations, whichever was faster of late.
    void begin(double work);

    /// Returns when the graphs of all streams have run.
    void wait();

    /// The input that was announced has been computed on so many streams.
    void end(int parallelism);

    /// Those of the express lane take the cores that runs on `parallelism` streams need, as far as they may; to be
    /// called after begin().
    void take_way(std::optional<RightOfWay::Taken> & taken, int parallelism);

    /// Streams that compute so many tokens of so many sequences side by side: 1, or one a thread.
    int parallelism(int64_t tokens, int64_t sequences) const;

    /// Memory that the graphs of `parallelism` streams need beyond what they have, where each needs as much as `needed`
    /// says.
    BufferSizes missing(int parallelism, const BufferSizes & needed) const;

    /// Calls prepare(stream, its number) for each of `parallelism` streams, on the calling thread.
    void for_each(int parallelism, const std::function<void(Stream & stream, int number)> & prepare);

    /// Calls work(stream, its number, piece) for every piece, on `parallelism` streams side by side, and returns when
    /// all are done.
    void run(int parallelism, int64_t pieces,
             const std::function<void(Stream & stream, int number, int64_t piece)> & work);

private:
    LaneShare                            share_;
    Stream                               wide_;
    int                                  wide_threads_; ///< that compute its operations
    std::vector<std::unique_ptr<Stream>> narrow_;
    ThreadTeam                           team_;
    ThreadChoice                         choice_;
    double                               work_ = 0.0; ///< of the input that is computed
    ThreadChoice::Clock::time_point      begun_;
};

} // namespace longembed
