#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "linear_regex.h"

namespace longembed {

/// A part of a regular expression.
struct RegexNode {
    enum class Kind { one, ahead, not_ahead, at_end, sequence, alternatives, repeat };

    Kind                   kind;
    CodePointClass         code_points; ///< one, ahead, not_ahead
    std::vector<RegexNode> parts;       ///< sequence, alternatives; repeat: one
    int                    min = 1;     ///< repeat
    int                    max = 1;     ///< repeat; −1: any number
};

/// @throws std::runtime_error naming the expression, when it uses what LinearRegex does not support
RegexNode parse_regex(const std::string & expression);

} // namespace longembed
