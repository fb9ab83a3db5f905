#pragma once

namespace longembed {

/// Physical cores that this process may use at once, at least 1: those of its affinity mask (taskset, cpusets), but no
/// more than the CPU time that its control groups allow (`docker run --cpus`, a Kubernetes limit), rounded down. Beyond
/// that quota the system would stop all threads for a part of every period.
int usable_cores();

} // namespace longembed
