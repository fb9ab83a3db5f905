#pragma once

#include <string>

namespace longembed::addon {

/// The folder longembed.node lies in: the release build's backend libraries lie beside it.
std::string folder_of_this_library();

} // namespace longembed::addon
