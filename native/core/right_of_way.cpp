#include "right_of_way.h"

#include <algorithm>

namespace longembed {

namespace {

thread_local RightOfWay * yields_to = nullptr;

} // namespace

RightOfWay::Yielding::Yielding(RightOfWay * way) : before_(yields_to) {
    yields_to = way;
}

RightOfWay::Yielding::~Yielding() {
    yields_to = before_;
}

RightOfWay::Taken::Taken(RightOfWay & way, int threads, int all) : way_(way) {
    const std::lock_guard<std::mutex> lock(way.mutex_);
    way.count(false);
    const int half = all / 2;
    const int held = way.credit_ > Clock::duration::zero() ? threads : std::min(threads, half);
    threads_       = std::max(1, held);
    charged_       = held > half;
    way.wanted_    = held;
}

RightOfWay::Taken::~Taken() {
    {
        const std::lock_guard<std::mutex> lock(way_.mutex_);
        way_.count(charged_);
        way_.wanted_  = 0;
        way_.waiting_ = 0; // those that have yet to wake are not held up any more
        ++way_.round_;
    }
    way_.released_.notify_all();
}

void RightOfWay::count(bool charged) {
    constexpr Clock::duration max_credit = std::chrono::seconds(1);
    const Clock::time_point   now        = Clock::now();
    const Clock::duration     passed     = now - counted_;
    credit_                              = charged ? credit_ - passed : std::min(max_credit, credit_ + passed);
    counted_                             = now;
}

bool RightOfWay::is_yielding() {
    return yields_to != nullptr;
}

void RightOfWay::give_way() {
    if (yields_to != nullptr && yields_to->wanted_.load(std::memory_order_relaxed) > 0) {
        yields_to->wait();
    }
}

int RightOfWay::waiting() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return waiting_;
}

void RightOfWay::wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (waiting_ >= wanted_) {
        return;
    }
    ++waiting_;
    released_.wait(lock, [this, round = round_] { return round_ != round; });
}

} // namespace longembed
