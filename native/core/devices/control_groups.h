#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace longembed {

/// A control group of Linux that this process is in, as containers limit their processes by them.
struct ControlGroup {
    std::string folder;
    bool        unified; ///< version 2, whose files have other names than version 1's
};

/// The groups of a controller ("memory", "cpu"), from the process's own to the root: each one's limit holds. Inside a
/// container only some of these folders exist. Empty on other systems.
std::vector<ControlGroup> control_groups(const std::string & controller);

/// The number at the start of a file; nothing if the file holds none ("max") or does not exist.
std::optional<int64_t> number_in(const std::string & path);

} // namespace longembed
