#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace longembed {

/// A set of code points.
struct CodePointClass {
    struct Range {
        uint32_t first;
        uint32_t last;
    };

    bool               negated    = false;
    bool               space      = false; ///< \s
    bool               not_space  = false; ///< \S
    uint16_t           categories = 0;     ///< of llama.cpp's unicode_cpt_flags
    std::vector<Range> ranges;
    uint64_t           ascii[2] = {0, 0}; ///< a bit for each of 0 … 127, as has() says; see index_ascii()

    bool has(uint32_t code) const;
    void index_ascii();
};

/// A regular expression that is matched with bounded stack and in time linear in the text: all alternatives advance
/// together, one code point at a time (Thompson's construction with priorities,
/// https://swtch.com/~rsc/regexp/regexp2.html). std::regex calls itself for every character instead, and overflows the
/// stack from about 27,500 of them.
///
/// Supports what llama.cpp's pre-tokenizers use, with ECMAScript's meaning (the first alternative that matches, greedy
/// repeats): literals, classes, \s \S \d \r \n \t, \p{L} \p{N} \p{P} \p{S} \p{M}, groups, | ? * + {n} {n,m}, lookaheads
/// of one code point, $. As in llama.cpp, subclasses such as \p{Lu} stand for all letters, and \d for ASCII digits.
class LinearRegex {
public:
    /// @throws std::runtime_error naming the expression, when it uses anything else
    explicit LinearRegex(const std::string & expression);

    /// Splits words of a text, whose lengths follow each other, once more: what matches, and what lies between matches,
    /// are words of their own. Matches are found from left to right without overlaps; empty ones do not count.
    /// Lookaheads see nothing beyond the word.
    /// @return the lengths of the new words
    std::vector<size_t> split(const std::vector<uint32_t> & text, const std::vector<size_t> & lengths) const;

private:
    friend class RegexCompiler;
    friend class RegexSearch;

    enum class Op : uint8_t { consume, split, jump, ahead, not_ahead, at_end, match };

    struct Instruction {
        Op     op;
        size_t x = 0; ///< consume, ahead, not_ahead: a class; split: the preferred target; jump: the target
        size_t y = 0; ///< split: the other target
    };

    std::vector<Instruction>    program_;
    std::vector<CodePointClass> classes_;
};

} // namespace longembed
