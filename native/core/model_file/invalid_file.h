#pragma once

#include <stdexcept>
#include <string>

namespace longembed {

/// What is wrong with a model file, as a clause with a full stop: "its key "…" is …". It names the key or the tensor.
class InvalidFile : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A name from a file, quoted for a message: cut where it is long, with a question mark for each byte that is not
/// printable ASCII.
std::string quoted(const std::string & name);

} // namespace longembed
