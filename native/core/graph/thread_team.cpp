#include "thread_team.h"

#include <system_error>
#include <utility>

#include "llama/abort_guard.h"

namespace longembed {

ThreadTeam::ThreadTeam(int members) {
    threads_.reserve(members - 1); // so that nothing else fails below, where threads would not be joined
    try {
        for (int member = 1; member < members; ++member) {
            threads_.emplace_back([this, member] { wait_for_work(member); });
        }
    } catch (const std::system_error &) {
        // a limit on processes or memory: those that have started do the work
    }
}

ThreadTeam::~ThreadTeam() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        ending_ = true;
    }
    begun_.notify_all();
    for (std::thread & thread : threads_) {
        thread.join();
    }
}

void ThreadTeam::run(int64_t pieces, const std::function<void(int, int64_t)> & work) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        work_    = &work;
        next_    = 0;
        pieces_  = pieces;
        failure_ = nullptr;
        ++round_;
    }
    if (pieces > 1) {
        begun_.notify_all();
    }
    take_pieces(0);

    std::unique_lock<std::mutex> lock(mutex_);
    ended_.wait(lock, [this] { return busy_ == 0 && next_ >= pieces_; });
    work_ = nullptr;
    if (failure_) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
}

void ThreadTeam::wait_for_work(int member) {
    uint64_t seen = 0;
    for (;;) {
        {
            std::unique_lock<std::mutex> lock(mutex_);
            begun_.wait(lock, [this, seen] { return ending_ || round_ != seen; });
            if (ending_) {
                return;
            }
            seen = round_;
        }
        take_pieces(member);
    }
}

void ThreadTeam::take_pieces(int member) {
    std::unique_lock<std::mutex> lock(mutex_);
    ++busy_;
    while (next_ < pieces_) {
        const int64_t piece = next_++;
        const auto *  work  = work_;
        lock.unlock();
        std::exception_ptr failure;
        try {
            const AbortGuard guard;
            (*work)(member, piece);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        if (failure) {
            if (!failure_) {
                failure_ = failure;
            }
            next_ = pieces_;
        }
    }
    --busy_;
    lock.unlock();
    ended_.notify_one();
}

} // namespace longembed
