#include "part_paths.h"

#include "llama.h"

namespace longembed {

std::vector<std::string> other_part_paths(const std::string & first, int count) {
    std::vector<char> name(first.size() + 64);
    if (llama_split_prefix(name.data(), name.size(), first.c_str(), 0, count) <= 0) {
        return {};
    }
    const std::string        prefix = name.data();
    std::vector<std::string> paths;
    for (int part = 1; part < count; ++part) {
        llama_split_path(name.data(), name.size(), prefix.c_str(), part, count);
        paths.emplace_back(name.data());
    }
    return paths;
}

} // namespace longembed
