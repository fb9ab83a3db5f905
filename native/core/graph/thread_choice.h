#pragma once

#include <chrono>
#include <cstddef>

namespace longembed {

/// Whether a short input is computed by one thread or by all that an engine has.
///
/// Threads that meet after every operation are nearly as many times as fast as one where each has a core to itself.
/// Where other programs use the cores, they wait for each other, and take up to ten times as long as one thread alone.
/// What the system does with its cores is best told by what inputs take: the way that was faster of late is taken, and
/// the other one tried again from time to time, ever less often while it loses.
class ThreadChoice {
public:
    using Clock = std::chrono::steady_clock;

    /// @param threads  that the engine has, >= 1
    explicit ThreadChoice(int threads) : threads_(threads) {}

    /// How many threads the next input is for: 1, or all.
    /// @param work  that it takes, in operations
    int choose(double work, Clock::time_point now) const;

    /// Learns what an input took that was computed as choose() said, or on the threads that were to be had.
    void learn(int threads, double work, Clock::time_point begin, Clock::time_point end);

private:
    enum Way : size_t { one, all };

    bool known(Way way) const { return seconds_[way] > 0.0; }
    bool one_is_faster() const { return seconds_[one] < seconds_[all]; }

    int               threads_;
    double            seconds_[2] = {}; ///< of an operation, of late; 0: unknown
    Clock::duration   pause_      = {}; ///< until the slower way is tried again
    Clock::time_point retry_      = {}; ///< when that is
};

} // namespace longembed
