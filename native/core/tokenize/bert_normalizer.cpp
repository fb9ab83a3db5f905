#include "bert_normalizer.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "unicode_tables.h"

namespace longembed {

namespace {

enum Property : uint8_t {
    removed     = 1 << 0,
    space       = 1 << 1,
    chinese     = 1 << 2,
    accent      = 1 << 3,
    punctuation = 1 << 4,
    decomposes  = 1 << 5,
    lowers      = 1 << 6,
    kept_mark   = 1 << 7,
};

/// The generated tables, arranged so that a code point costs one load unless it is mapped to others.
class UnicodeTables {
public:
    static const UnicodeTables & get() {
        static const UnicodeTables tables;
        return tables;
    }

    uint8_t properties(uint32_t code) const {
        if (code < table_end) {
            return properties_[code];
        }
        return (is_in(removed_ranges, code) ? removed : 0) | (is_in(accent_ranges, code) ? accent : 0);
    }

    const CodePointMapping & decomposition(uint32_t code) const { return *decompositions_.at(code); }
    const CodePointMapping & lower_case(uint32_t code) const { return *lower_cases_.at(code); }

    int combining_class(uint32_t code) const {
        const auto found = classes_.find(code);
        return found == classes_.end() ? 0 : found->second;
    }

private:
    // from here on no code point is mapped, split at or white space; some are removed
    static constexpr uint32_t table_end = 0x30000;

    UnicodeTables() : properties_(table_end, 0) {
        mark(removed_ranges, removed);
        mark(space_ranges, space);
        mark(chinese_ranges, chinese);
        mark(accent_ranges, accent);
        mark(punctuation_ranges, punctuation);
        properties_[' '] |= space;
        index(decomposition_mappings, decomposes, decompositions_);
        index(lower_case_mappings, lowers, lower_cases_);
        for (const CombiningClass & mark : kept_mark_classes) {
            properties_[mark.code] |= kept_mark;
            classes_.emplace(mark.code, mark.value);
        }
    }

    template <size_t count> void mark(const CodePointRange (&ranges)[count], Property property) {
        for (const CodePointRange & range : ranges) {
            for (uint32_t code = range.first; code <= range.last && code < table_end; ++code) {
                properties_[code] |= property;
            }
        }
    }

    using Index = std::unordered_map<uint32_t, const CodePointMapping *>;

    template <size_t count> void index(const CodePointMapping (&mappings)[count], Property property, Index & index) {
        for (const CodePointMapping & mapping : mappings) {
            properties_[mapping.from] |= property;
            index.emplace(mapping.from, &mapping);
        }
    }

    template <size_t count> static bool is_in(const CodePointRange (&ranges)[count], uint32_t code) {
        return std::any_of(std::begin(ranges), std::end(ranges),
                           [code](const CodePointRange & range) { return code >= range.first && code <= range.last; });
    }

    std::vector<uint8_t>              properties_;
    Index                             decompositions_;
    Index                             lower_cases_;
    std::unordered_map<uint32_t, int> classes_;
};

constexpr uint32_t replacement = 0xFFFD;

/// The code point at `at`, which moves past it; U+FFFD for bytes that are not UTF-8.
uint32_t next_code_point(const std::string & text, size_t & at) {
    const auto    byte = [&](size_t index) { return static_cast<uint8_t>(text[index]); };
    const uint8_t lead = byte(at++);
    if (lead < 0x80) {
        return lead;
    }
    const int rest = lead >= 0xF0 && lead < 0xF8 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
    if (rest == 0 || lead >= 0xF8 || at + rest > text.size()) {
        return replacement;
    }
    uint32_t code = lead & (0x3F >> rest);
    for (int i = 0; i < rest; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) {
            return replacement;
        }
        code = code << 6 | (byte(at + i) & 0x3F);
    }
    at += rest;
    return code;
}

/// The words of one text, built up a code point at a time.
class Splitter {
public:
    Splitter(bool lowercase, bool strip_accents, const BertNormalizer::Visit & visit)
        : tables_(UnicodeTables::get()), lowercase_(lowercase), strip_accents_(strip_accents), visit_(visit) {}

    void add(uint32_t code) {
        const uint8_t properties = tables_.properties(code);
        if (properties & removed) {
            return;
        }
        if (properties & space) {
            end_word();
            return;
        }
        if (properties & chinese) {
            end_word();
            decompose(code, properties);
            end_word();
            return;
        }
        decompose(code, properties);
    }

    void end_word() {
        sort_marks();
        if (!word_.empty()) {
            visit_(word_);
            word_.clear();
        }
    }

private:
    void decompose(uint32_t code, uint8_t properties) {
        if (!strip_accents_ || (code < 0x80)) {
            lower(code, properties);
        } else if (properties & accent) {
            return;
        } else if (code >= hangul_first && code <= hangul_last) {
            const uint32_t index = code - hangul_first;
            append(0x1100 + index / 588);
            append(0x1161 + index % 588 / 28);
            if (index % 28 != 0) {
                append(0x11A7 + index % 28);
            }
        } else if (properties & decomposes) {
            for (const uint32_t part : tables_.decomposition(code).to) {
                if (part != 0) {
                    lower(part, tables_.properties(part));
                }
            }
        } else {
            lower(code, properties);
        }
    }

    void lower(uint32_t code, uint8_t properties) {
        if (!lowercase_ || !(properties & lowers)) {
            append(code, properties);
            return;
        }
        for (const uint32_t part : tables_.lower_case(code).to) {
            if (part != 0) {
                append(part);
            }
        }
    }

    void append(uint32_t code) { append(code, tables_.properties(code)); }

    void append(uint32_t code, uint8_t properties) {
        if (!(properties & kept_mark)) {
            sort_marks();
        } else if (strip_accents_) {
            ++marks_;
        }
        if (properties & punctuation) {
            end_word();
            word_.push_back(code);
            end_word();
            return;
        }
        word_.push_back(code);
    }

    /// Decomposition orders marks that follow each other by their combining class.
    void sort_marks() {
        if (marks_ > 1) {
            std::stable_sort(word_.end() - marks_, word_.end(), [this](uint32_t a, uint32_t b) {
                return tables_.combining_class(a) < tables_.combining_class(b);
            });
        }
        marks_ = 0;
    }

    static constexpr uint32_t hangul_first = 0xAC00;
    static constexpr uint32_t hangul_last  = 0xD7A3;

    const UnicodeTables &         tables_;
    const bool                    lowercase_;
    const bool                    strip_accents_;
    const BertNormalizer::Visit & visit_;
    std::vector<uint32_t>         word_;
    int64_t                       marks_ = 0; ///< at the end of the word
};

} // namespace

void BertNormalizer::split(const std::string & text, const Visit & visit) const {
    Splitter splitter(lowercase_, strip_accents_, visit);
    for (size_t at = 0; at < text.size();) {
        const uint32_t code = next_code_point(text, at);
        if (code != replacement && code != 0) {
            splitter.add(code);
        }
    }
    splitter.end_word();
}

void append_utf8(std::string & text, uint32_t code) {
    if (code < 0x80) {
        text += static_cast<char>(code);
        return;
    }
    if (code < 0x800) {
        text += static_cast<char>(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            text += static_cast<char>(0xE0 | code >> 12);
        } else {
            text += static_cast<char>(0xF0 | code >> 18);
            text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
        }
        text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    }
    text += static_cast<char>(0x80 | (code & 0x3F));
}

} // namespace longembed
