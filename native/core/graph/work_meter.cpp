#include "work_meter.h"

#include <algorithm>

namespace longembed {

void WorkMeter::add(double operations) {
    double done;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        done_ += operations;
        done = done_;
    }
    if (std::this_thread::get_id() == owner_) {
        control_.report(static_cast<float>(std::min(1.0, done / total_)));
    }
}

} // namespace longembed
