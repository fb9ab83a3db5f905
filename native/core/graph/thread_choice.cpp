#include "thread_choice.h"

#include <algorithm>

namespace longembed {

namespace {

// Below this, less than a millisecond, waking threads and having them meet costs as much as they save.
constexpr double min_operations_for_all = 5e7;

// Trying all threads on a busy machine costs up to ten times what one takes: with pauses that double up to the longest,
// at most some hundredths of all time.
constexpr auto shortest_pause = std::chrono::milliseconds(50);
constexpr auto longest_pause  = std::chrono::milliseconds(3200);

// One thread takes up to twice as long on a quiet machine, and is tried again only for the case that all have become
// slow together.
constexpr auto refresh = std::chrono::seconds(10);

} // namespace

int ThreadChoice::choose(double work, Clock::time_point now) const {
    if (threads_ == 1 || work < min_operations_for_all || !known(one)) {
        return 1;
    }
    const bool takes_all = !known(all) || one_is_faster() == (now >= retry_);
    return takes_all ? threads_ : 1;
}

void ThreadChoice::learn(int threads, double work, Clock::time_point begin, Clock::time_point end) {
    if (work < min_operations_for_all || (threads != 1 && threads != threads_)) {
        return;
    }
    const Way    way            = threads == 1 ? one : all;
    const double seconds        = std::chrono::duration<double>(end - begin).count() / work;
    const bool   was_known      = known(one) && known(all);
    const bool   one_was_faster = one_is_faster();
    const bool   is_try         = !was_known || one_was_faster == (way == all);
    // what the slower way took when it was last tried says nothing about now
    seconds_[way] = is_try ? seconds : 0.5 * (seconds_[way] + seconds);
    if (!known(one) || !known(all)) {
        return;
    }
    if (!one_is_faster()) {
        pause_ = {};
        if (is_try || one_was_faster) {
            retry_ = end + refresh;
        }
    } else if (is_try || !one_was_faster) {
        pause_ = std::clamp<Clock::duration>(2 * pause_, shortest_pause, longest_pause);
        retry_ = end + pause_;
    }
}

} // namespace longembed
