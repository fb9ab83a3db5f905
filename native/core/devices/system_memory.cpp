// The two functions of memory.h that are different on each operating system.

#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

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

/// The number in a file; nothing if the file holds none ("max") or does not exist.
std::optional<uint64_t> number_in(const std::string & path) {
    std::ifstream file(path);
    uint64_t      number = 0;
    return file >> number ? std::optional<uint64_t>(number) : std::nullopt;
}

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
uint64_t left_of_group(const std::string & folder, const char * limit_file, const char * used_file) {
    const auto limit = number_in(folder + "/" + limit_file);
    const auto used  = number_in(folder + "/" + used_file);
    if (!limit || !used) {
        return no_limit;
    }
    const uint64_t taken = *used - std::min(*used, number_after(folder + "/memory.stat", "inactive_file").value_or(0));
    return *limit - std::min(*limit, taken);
}

/// The minimum over a group and its parent groups.
uint64_t left_of_groups(const std::string & root, std::string path, const char * limit_file, const char * used_file) {
    uint64_t left = no_limit;
    for (;;) {
        left               = std::min(left, left_of_group(root + path, limit_file, used_file));
        const size_t slash = path.rfind('/');
        if (slash == std::string::npos || path.empty()) {
            return left;
        }
        path.resize(slash);
    }
}

uint64_t left_of_control_groups() {
    std::ifstream file("/proc/self/cgroup");
    uint64_t      left = no_limit;
    for (std::string line; std::getline(file, line);) {
        const size_t first  = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) {
            continue;
        }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        std::string       path        = line.substr(second + 1);
        path                          = path == "/" ? "" : path;
        if (controllers.empty()) {
            left = std::min(left, left_of_groups("/sys/fs/cgroup", path, "memory.max", "memory.current"));
        } else if (controllers == "memory") {
            left = std::min(
                left, left_of_groups("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes"));
        }
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
