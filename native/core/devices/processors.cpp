#include "processors.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include "control_groups.h"

namespace longembed {

namespace {

int cores_of_affinity() {
    int cores = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
        std::set<std::string> siblings; // a core's hyper-threads have the same list
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &allowed)) {
                std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                                   "/topology/thread_siblings_list");
                std::string   list;
                siblings.insert(std::getline(file, list) ? list : "cpu" + std::to_string(cpu));
            }
        }
        cores = static_cast<int>(siblings.size());
    }
#elif defined(__APPLE__)
    int    performance = 0;
    size_t size        = sizeof(performance);
    if (sysctlbyname("hw.perflevel0.physicalcpu", &performance, &size, nullptr, 0) == 0 ||
        sysctlbyname("hw.physicalcpu", &performance, &size, nullptr, 0) == 0) {
        cores = performance;
    }
#endif
    return cores;
}

/// Whole processors' worth of time that the control groups allow.
int cores_of_quota() {
    int64_t cores = std::numeric_limits<int>::max();
    for (const ControlGroup & group : control_groups("cpu")) {
        std::optional<int64_t> quota;
        std::optional<int64_t> period;
        if (group.unified) {
            std::ifstream file(group.folder + "/cpu.max"); // "QUOTA PERIOD" or "max PERIOD", in microseconds
            int64_t       first  = 0;
            int64_t       second = 0;
            if (file >> first >> second) {
                quota  = first;
                period = second;
            }
        } else {
            quota  = number_in(group.folder + "/cpu.cfs_quota_us"); // -1: no limit
            period = number_in(group.folder + "/cpu.cfs_period_us");
        }
        if (quota && period && *quota > 0 && *period > 0) {
            cores = std::min(cores, *quota / *period);
        }
    }
    return static_cast<int>(cores);
}

} // namespace

int usable_cores() {
    return std::max(1, std::min(cores_of_affinity(), cores_of_quota()));
}

} // namespace longembed
