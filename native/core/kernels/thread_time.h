#pragma once

#include <chrono>
#include <ctime>

namespace longembed {

/// Seconds of the calling thread, for differences: CPU time where the system measures it, since other programs affect
/// it little, else real time.
inline double thread_seconds() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
#else
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

} // namespace longembed
