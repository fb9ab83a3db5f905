#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace longembed {

/// A few threads that take pieces of work as they come, and sleep while there are none.
///
/// ggml can split one operation over threads too, but then all of them meet after every operation, and spin until the
/// last has come: where another program uses a core, that costs several times what it saves.
class ThreadTeam {
public:
    /// @param members  threads that work, the caller of run() among them; >= 1. Where the system starts no more, the
    /// team is smaller.
    explicit ThreadTeam(int members);
    ~ThreadTeam();

    ThreadTeam(const ThreadTeam &)             = delete;
    ThreadTeam & operator=(const ThreadTeam &) = delete;

    int members() const { return static_cast<int>(threads_.size()) + 1; }

    /// Calls work(member, piece) for every piece 0 … pieces − 1, each once, in any order, each member one at a time,
    /// and returns when all are done. Member 0 is the calling thread. When a piece throws, those not begun are skipped
    /// and the first exception is thrown again here.
    void run(int64_t pieces, const std::function<void(int member, int64_t piece)> & work);

private:
    void wait_for_work(int member);
    void take_pieces(int member);

    std::mutex               mutex_;
    std::condition_variable  begun_;
    std::condition_variable  ended_;
    std::vector<std::thread> threads_;

    // guarded by mutex_
    const std::function<void(int, int64_t)> * work_   = nullptr;
    int64_t                                   next_   = 0;
    int64_t                                   pieces_ = 0;
    int                                       busy_   = 0; ///< members that are in take_pieces()
    uint64_t                                  round_  = 0;
    bool                                      ending_ = false;
    std::exception_ptr                        failure_;
};

} // namespace longembed
