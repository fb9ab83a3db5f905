#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace longembed {

/// Splits texts into words as BertNormalizer and BertPreTokenizer of Hugging Face's tokenizers do: control characters
/// are dropped, white space separates words, Chinese characters and punctuation are words of their own.
class BertNormalizer {
public:
    /// @param lowercase      every code point is replaced by its lower case
    /// @param strip_accents  canonical decomposition, after which non-spacing marks (Mn) are dropped
    BertNormalizer(bool lowercase, bool strip_accents) : lowercase_(lowercase), strip_accents_(strip_accents) {}

    /// A word as code points; valid until the visitor returns.
    using Visit = std::function<void(const std::vector<uint32_t> & word)>;

    /// Calls `visit` for every word of a UTF-8 text, in order. Bytes that are not UTF-8 are dropped, as U+FFFD is.
    void split(const std::string & text, const Visit & visit) const;

private:
    bool lowercase_;
    bool strip_accents_;
};

/// Appends a code point as UTF-8.
void append_utf8(std::string & text, uint32_t code);

} // namespace longembed
