// llama.cpp's unicode_regex_split(), which its BPE tokenizers call, with bounded stack and in linear time. The build
// renames the original (cmake/llama.cmake) and compiles this file into llama: see docs/engine.md.

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "linear_regex.h"
#include "unicode.h"
#include "word_record.h"

/// The original.
std::vector<std::string> unicode_regex_split_std(const std::string & text, const std::vector<std::string> & expressions,
                                                 bool byte_encode);

namespace longembed {

namespace {

using CodePoints = std::vector<uint32_t>;

/// Lengths of words that follow each other.
using Lengths = std::vector<size_t>;

/// Expressions for which llama.cpp has a splitter written by hand: those need neither std::regex nor this file.
bool has_own_splitter(const std::string & expression) {
    static const std::set<std::string> expressions = {
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
        "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
        "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| "
        "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| "
        "?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "\\p{Han}+",
        "\\p{AFMoE_digits}",
        "[^\\n]+|[\\n]+",
        "\\d{1,3}(?=(?:\\d{3})*\\b)",
    };
    return expressions.count(expression) > 0;
}

std::string utf8(const CodePoints & text, size_t first, size_t end) {
    std::string bytes;
    for (size_t i = first; i < end; ++i) {
        bytes += unicode_cpt_to_utf8(text[i]);
    }
    return bytes;
}

void add_own_split(const CodePoints & text, size_t first, size_t end, const std::string & expression,
                   Lengths & lengths) {
    for (const std::string & word : unicode_regex_split_std(utf8(text, first, end), {expression}, false)) {
        lengths.push_back(unicode_cpts_from_utf8(word).size());
    }
}

/// superbpe's `(?=(\d{3})+(?!\d))`: splits before every group of three digits, counted from the end of a run of digits.
/// Its lookahead is as long as the run, which LinearRegex does not support.
const char * const groups_of_three = "(?=(\\d{3})+(?!\\d))";

void add_groups_of_three(const CodePoints & text, size_t first, size_t end, Lengths & lengths) {
    const auto is_digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    size_t     start    = first;
    for (size_t i = first; i < end;) {
        size_t run_end = i;
        while (run_end < end && is_digit(run_end)) {
            ++run_end;
        }
        for (; i < run_end; ++i) {
            if ((run_end - i) % 3 == 0 && i > start) {
                lengths.push_back(i - start);
                start = i;
            }
        }
        i = std::max(i, run_end) + (run_end < end ? 1 : 0);
    }
    if (start < end) {
        lengths.push_back(end - start);
    }
}

const LinearRegex & compiled(const std::string & expression) {
    static std::mutex                                          mutex;
    static std::map<std::string, std::unique_ptr<LinearRegex>> known;
    const std::lock_guard<std::mutex>                          lock(mutex);
    std::unique_ptr<LinearRegex> &                             regex = known[expression];
    if (!regex) {
        regex = std::make_unique<LinearRegex>(expression);
    }
    return *regex;
}

/// The white space that this expression leaves between words is dropped, as Hugging Face's WhitespaceSplit does.
/// llama.cpp looks it up in the vocabulary, where two blanks in a row fail an assertion.
const char * const words_only = "\\S+";

bool is_white_space(const CodePoints & text, size_t first, size_t end) {
    return std::all_of(text.begin() + first, text.begin() + end,
                       [](uint32_t code) { return unicode_cpt_flags_from_cpt(code).is_whitespace; });
}

/// Splits every word once more.
Lengths split(const CodePoints & text, const Lengths & words, const std::string & expression) {
    const bool is_own = has_own_splitter(expression);
    if (!is_own && expression != groups_of_three) {
        return compiled(expression).split(text, words);
    }
    Lengths lengths;
    size_t  first = 0;
    for (const size_t length : words) {
        if (is_own) {
            add_own_split(text, first, first + length, expression, lengths);
        } else {
            add_groups_of_three(text, first, first + length, lengths);
        }
        first += length;
    }
    return lengths;
}

/// GPT-2's bytes, each as the character that stands for it.
std::string byte_encoded(const std::string & word) {
    std::string encoded;
    for (const char byte : word) {
        encoded += unicode_byte_to_utf8(static_cast<uint8_t>(byte));
    }
    return encoded;
}

std::vector<std::string> split_words(const std::string & text, const std::vector<std::string> & expressions,
                                     bool byte_encode) {
    if (std::all_of(expressions.begin(), expressions.end(), has_own_splitter)) {
        return unicode_regex_split_std(text, expressions, byte_encode);
    }
    const CodePoints code_points = unicode_cpts_from_utf8(text);
    Lengths          lengths{code_points.size()};
    for (const std::string & expression : expressions) {
        lengths = split(code_points, lengths, expression);
    }
    const bool               drops_white_space = expressions.back() == words_only;
    std::vector<std::string> words;
    words.reserve(lengths.size());
    size_t first = 0;
    for (const size_t length : lengths) {
        const size_t end = first + length;
        if (!drops_white_space || !is_white_space(code_points, first, end)) {
            const std::string word = utf8(code_points, first, end);
            words.push_back(byte_encode ? byte_encoded(word) : word);
        }
        first = end;
    }
    return words;
}

thread_local WordRecord * record_of_thread = nullptr;

} // namespace

WordRecord::WordRecord() {
    record_of_thread = this;
}

WordRecord::~WordRecord() {
    record_of_thread = nullptr;
}

} // namespace longembed

std::vector<std::string> unicode_regex_split(const std::string & text, const std::vector<std::string> & expressions,
                                             bool byte_encode) {
    using namespace longembed;
    std::vector<std::string> words = split_words(text, expressions, byte_encode);
    if (record_of_thread != nullptr) {
        record_of_thread->byte_encoded = byte_encode;
        record_of_thread->words.insert(record_of_thread->words.end(), words.begin(), words.end());
    }
    return words;
}
