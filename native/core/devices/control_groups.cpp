#include "control_groups.h"

#include <fstream>
#include <sstream>

namespace longembed {

namespace {

bool lists(const std::string & controllers, const std::string & controller) {
    std::istringstream names(controllers);
    for (std::string name; std::getline(names, name, ',');) {
        if (name == controller) {
            return true;
        }
    }
    return false;
}

} // namespace

std::vector<ControlGroup> control_groups(const std::string & controller) {
    std::vector<ControlGroup> groups;
    std::ifstream             file("/proc/self/cgroup"); // lines ID:CONTROLLERS:PATH
    for (std::string line; std::getline(file, line);) {
        const size_t first  = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) {
            continue;
        }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool        unified     = controllers.empty();
        if (!unified && !lists(controllers, controller)) {
            continue;
        }
        const std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
        std::string       path = line.substr(second + 1);
        while (path.size() > 1) {
            groups.push_back({root + path, unified});
            path.resize(path.rfind('/'));
        }
        groups.push_back({root, unified});
    }
    return groups;
}

std::optional<int64_t> number_in(const std::string & path) {
    std::ifstream file(path);
    int64_t       number = 0;
    return file >> number ? std::optional<int64_t>(number) : std::nullopt;
}

} // namespace longembed
