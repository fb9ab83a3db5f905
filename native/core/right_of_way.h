#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace longembed {

/// Gives short work the processor cores that long work on the same model uses. Threads of long work call give_way()
/// every few milliseconds, and wait there while short work is being computed: as many of them as it has threads, so
/// that never more threads compute than there are without it.
///
/// Long work does not starve. Short work may have more than half of the threads for half of the time, counted with a
/// second's credit; beyond that, half of them.
class RightOfWay {
public:
    RightOfWay() = default;

    RightOfWay(const RightOfWay &)             = delete;
    RightOfWay & operator=(const RightOfWay &) = delete;

    /// The calling thread does long work while this object lives.
    class Yielding {
    public:
        explicit Yielding(RightOfWay * way);
        ~Yielding();

        Yielding(const Yielding &)             = delete;
        Yielding & operator=(const Yielding &) = delete;

    private:
        RightOfWay * before_;
    };

    /// Short work is being computed while this object lives. One at a time.
    class Taken {
    public:
        /// @param threads  that it would like to compute on
        /// @param all      that long work has
        Taken(RightOfWay & way, int threads, int all);
        ~Taken();

        /// How many it should compute on.
        int threads() const { return threads_; }

        Taken(const Taken &)             = delete;
        Taken & operator=(const Taken &) = delete;

    private:
        RightOfWay & way_;
        int          threads_;
        bool         charged_; ///< it takes more than half
    };

    /// Whether the calling thread does long work, which should call give_way() between parts of an operation.
    static bool is_yielding();

    /// Waits while short work needs this thread's core. Costs nothing otherwise, and on threads that do no long work.
    static void give_way();

    /// Threads that wait now.
    int waiting() const;

private:
    using Clock = std::chrono::steady_clock;

    void wait();
    void count(bool charged);

    std::atomic<int>        wanted_{0}; ///< threads that are to wait
    mutable std::mutex      mutex_;
    std::condition_variable released_;

    // guarded by mutex_
    int               waiting_ = 0;
    uint64_t          round_   = 0;  ///< counts the times that threads were held up
    Clock::duration   credit_  = {}; ///< time for which short work may take more than half of the threads
    Clock::time_point counted_ = {}; ///< until then `credit_` is right
};

} // namespace longembed
