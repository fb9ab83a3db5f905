#pragma once

#include <atomic>
#include <functional>

#include "error.h"

namespace longembed {

/// The caller's control of a running job: it can cancel the job from any thread and is told its progress.
struct Control {
    std::atomic<bool> cancelled{false};

    /// Called on the job's thread with the fraction of the work that is done, 0 … 1; may be empty.
    std::function<void(float)> progress;

    void report(float fraction) const {
        if (progress) {
            progress(fraction);
        }
    }

    /// Throws ERR_ABORTED if the job was cancelled. Called between steps of the work.
    void check() const {
        if (cancelled.load(std::memory_order_relaxed)) {
            throw Error(ErrorCode::aborted, "The call was aborted.");
        }
    }
};

} // namespace longembed
