#pragma once

#include <stdexcept>
#include <string>

namespace longembed {

/// What is wrong with a model file, as a clause with a full stop: "its key "…" is …". It names the key or the tensor.
class InvalidFile : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A name from a file, in quotes, fit for a message: names that go on for pages and bytes that are no text are not.
std::string quoted(const std::string & name);

} // namespace longembed
