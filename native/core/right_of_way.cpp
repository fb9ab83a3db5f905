#include "right_of_way.h"

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

RightOfWay::Taken::Taken(RightOfWay & way, int threads) : way_(way) {
    const std::lock_guard<std::mutex> lock(way.mutex_);
    way.taken_at_ = Clock::now();
    if (way.taken_at_ >= way.free_until_) {
        way.wanted_ = threads;
    }
}

RightOfWay::Taken::~Taken() {
    {
        const std::lock_guard<std::mutex> lock(way_.mutex_);
        if (way_.wanted_ > 0) {
            const Clock::time_point now = Clock::now();
            way_.free_until_            = now + (now - way_.taken_at_);
        }
        way_.wanted_ = 0;
        ++way_.round_;
    }
    way_.released_.notify_all();
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
    --waiting_;
}

} // namespace longembed
