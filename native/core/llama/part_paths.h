#pragma once

#include <string>
#include <vector>

namespace longembed {

/// The paths of a split model's parts after the first, which llama.cpp finds by the end of the first one's name:
/// "-00001-of-00003.gguf".
/// @param count  of all parts, 2 at least
/// @return empty where the name does not end like that
std::vector<std::string> other_part_paths(const std::string & first, int count);

} // namespace longembed
