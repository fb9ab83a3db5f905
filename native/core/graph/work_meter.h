#pragma once

#include <mutex>
#include <thread>

#include "control.h"

namespace longembed {

/// Counts the work that lanes have done, and reports the share of the whole from the thread that made the meter.
class WorkMeter {
public:
    /// @param total  floating-point operations of the whole call
    WorkMeter(const Control & control, double total) : control_(control), total_(total), owner_(std::this_thread::get_id()) {}

    void add(double operations);

private:
    const Control &       control_;
    const double          total_;
    const std::thread::id owner_;
    std::mutex            mutex_;
    double                done_ = 0.0;
};

} // namespace longembed
