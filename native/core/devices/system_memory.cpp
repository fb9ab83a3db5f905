// The two functions of memory.h that are different on each operating system.

#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "control_groups.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#define PSAPI_VERSION 2
#include <windows.h>
// needs the one above
#include <psapi.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#else
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace longembed {

#if defined(_WIN32)

uint64_t available_memory() {
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof(status);
    GlobalMemoryStatusEx(&status);
    return std::min<uint64_t>(status.ullAvailPhys, status.ullAvailPageFile);
}

uint64_t resident_memory() {
    PROCESS_MEMORY_COUNTERS counters{};
    GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters));
    return counters.WorkingSetSize;
}

#elif defined(__APPLE__)

uint64_t available_memory() {
    vm_statistics64_data_t statistics{};
    mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
    host_statistics64(mach_host_self(), HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&statistics), &count);
    const uint64_t pages = statistics.free_count + statistics.inactive_count + statistics.purgeable_count;
    return pages * vm_page_size;
}

uint64_t resident_memory() {
    mach_task_basic_info_data_t info{};
    mach_msg_type_number_t      count = MACH_TASK_BASIC_INFO_COUNT;
    task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info), &count);
    return info.resident_size;
}

#else

namespace {

constexpr uint64_t no_limit = std::numeric_limits<uint64_t>::max();

/// The number that follows `word` at the beginning of a line.
std::optional<uint64_t> number_after(const std::string & path, const std::string & word) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string        first;
        uint64_t           number = 0;
        if (words >> first && first == word && words >> number) {
            return number;
        }
    }
    return std::nullopt;
}

/// Bytes that a control group leaves. Inactive file pages do not count: they are reclaimed before an allocation fails.
uint64_t left_of_group(const ControlGroup & group) {
    const auto limit = number_in(group.folder + (group.unified ? "/memory.max" : "/memory.limit_in_bytes"));
    const auto used  = number_in(group.folder + (group.unified ? "/memory.current" : "/memory.usage_in_bytes"));
    if (!limit || !used) {
        return no_limit;
    }
    const auto inactive =
        static_cast<int64_t>(number_after(group.folder + "/memory.stat", "inactive_file").value_or(0));
    return static_cast<uint64_t>(*limit - std::min(*limit, *used - std::min(*used, inactive)));
}

uint64_t left_of_control_groups() {
    uint64_t left = no_limit;
    for (const ControlGroup & group : control_groups("memory")) {
        left = std::min(left, left_of_group(group));
    }
    return left;
}

/// A field of /proc/self/statm in bytes: 0 address space, 1 resident.
uint64_t own_memory(int field) {
    std::ifstream file("/proc/self/statm");
    uint64_t      pages = 0;
    for (int i = 0; i <= field; ++i) {
        file >> pages;
    }
    return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// Bytes that ulimit -v leaves.
uint64_t left_of_address_space() {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return no_limit;
    }
    return limit.rlim_cur - std::min<uint64_t>(limit.rlim_cur, own_memory(0));
}

} // namespace

uint64_t available_memory() {
    const auto     kilobytes = number_after("/proc/meminfo", "MemAvailable:");
    const uint64_t machine   = kilobytes ? *kilobytes * 1024 : no_limit;
    return std::min({machine, left_of_control_groups(), left_of_address_space()});
}

uint64_t resident_memory() {
    return own_memory(1);
}

#endif

} // namespace longembed
