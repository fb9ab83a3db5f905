#include "regex_syntax.h"

#include <cctype>
#include <cstring>
#include <map>
#include <stdexcept>

#include "unicode.h"

namespace longembed {

namespace {

constexpr int max_repeats = 1024;

/// Recursive descent; the expressions are llama.cpp's, so its depth is bounded.
class Parser {
public:
    explicit Parser(const std::string & expression)
        : expression_(expression), code_(unicode_cpts_from_utf8(expression)) {}

    RegexNode parse() {
        RegexNode whole = alternatives();
        if (more()) {
            fail();
        }
        return whole;
    }

private:
    using Kind = RegexNode::Kind;

    [[noreturn]] void fail() const { throw std::runtime_error("the expression " + expression_ + " is not supported"); }

    bool more() const { return at_ < code_.size(); }
    bool next_is(char c) const { return more() && code_[at_] == static_cast<uint32_t>(c); }

    uint32_t next() {
        if (!more()) {
            fail();
        }
        return code_[at_++];
    }

    bool take(const char * text) {
        const size_t length = std::strlen(text);
        for (size_t i = 0; i < length; ++i) {
            if (at_ + i >= code_.size() || code_[at_ + i] != static_cast<uint32_t>(text[i])) {
                return false;
            }
        }
        at_ += length;
        return true;
    }

    void expect(const char * text) {
        if (!take(text)) {
            fail();
        }
    }

    RegexNode alternatives() {
        RegexNode node{Kind::alternatives, {}, {}};
        do {
            node.parts.push_back(sequence());
        } while (take("|"));
        return node;
    }

    RegexNode sequence() {
        RegexNode node{Kind::sequence, {}, {}};
        while (more() && !next_is('|') && !next_is(')')) {
            node.parts.push_back(repeated(atom()));
        }
        return node;
    }

    RegexNode repeated(RegexNode part) {
        int min = 1;
        int max = 1;
        if (take("?")) {
            min = 0;
        } else if (take("*")) {
            min = 0;
            max = -1;
        } else if (take("+")) {
            max = -1;
        } else if (take("{")) {
            min = number();
            max = take(",") ? number() : min;
            expect("}");
            if (max < min) {
                fail();
            }
        } else {
            return part;
        }
        RegexNode node{Kind::repeat, {}, {}};
        node.min = min;
        node.max = max;
        node.parts.push_back(std::move(part));
        return node;
    }

    int number() {
        int value = -1;
        while (more() && code_[at_] >= '0' && code_[at_] <= '9' && value <= max_repeats) {
            value = (value < 0 ? 0 : value * 10) + static_cast<int>(next() - '0');
        }
        if (value < 0 || value > max_repeats) {
            fail();
        }
        return value;
    }

    RegexNode atom() {
        if (take("(?=")) {
            return lookahead(Kind::ahead);
        }
        if (take("(?!")) {
            return lookahead(Kind::not_ahead);
        }
        if (take("(?:") || take("(")) {
            RegexNode group = alternatives();
            expect(")");
            return group;
        }
        if (take("$")) {
            return {Kind::at_end, {}, {}};
        }
        return {Kind::one, one_code_point(), {}};
    }

    RegexNode lookahead(Kind kind) {
        RegexNode node{kind, one_code_point(), {}};
        expect(")");
        return node;
    }

    CodePointClass one_code_point() {
        CodePointClass found;
        if (take("[")) {
            found.negated = take("^");
            while (!take("]")) {
                range(found);
            }
        } else if (more() && code_[at_] < 0x80 && std::strchr(".^*+?{", static_cast<int>(code_[at_])) != nullptr) {
            fail();
        } else {
            item(found);
        }
        found.index_ascii();
        return found;
    }

    /// An item of a class, or two with a hyphen between.
    void range(CodePointClass & into) {
        CodePointClass first;
        item(first);
        const bool ends = at_ + 1 < code_.size() && code_[at_ + 1] == ']';
        if (!next_is('-') || ends) {
            add(into, first);
            return;
        }
        ++at_;
        CodePointClass last;
        item(last);
        if (first.ranges.size() != 1 || last.ranges.size() != 1 || last.ranges[0].last < first.ranges[0].first) {
            fail();
        }
        into.ranges.push_back({first.ranges[0].first, last.ranges[0].last});
    }

    static void add(CodePointClass & into, const CodePointClass & item) {
        into.space      = into.space || item.space;
        into.not_space  = into.not_space || item.not_space;
        into.categories = into.categories | item.categories;
        into.ranges.insert(into.ranges.end(), item.ranges.begin(), item.ranges.end());
    }

    /// A literal, or an escape.
    void item(CodePointClass & into) {
        const uint32_t code = next();
        if (code != '\\') {
            into.ranges.push_back({code, code});
            return;
        }
        const uint32_t escaped = next();
        switch (escaped) {
            case 's': into.space = true; return;
            case 'S': into.not_space = true; return;
            case 'd': into.ranges.push_back({'0', '9'}); return;
            case 'r': into.ranges.push_back({'\r', '\r'}); return;
            case 'n': into.ranges.push_back({'\n', '\n'}); return;
            case 't': into.ranges.push_back({'\t', '\t'}); return;
            case 'p': into.categories |= category(); return;
            default:
                if (escaped < 0x80 && std::isalnum(static_cast<int>(escaped)) != 0) {
                    fail();
                }
                into.ranges.push_back({escaped, escaped});
        }
    }

    uint16_t category() {
        static const std::map<std::string, uint16_t> categories = {
            {"L", unicode_cpt_flags::LETTER},      {"Lu", unicode_cpt_flags::LETTER},
            {"Ll", unicode_cpt_flags::LETTER},     {"Lt", unicode_cpt_flags::LETTER},
            {"Lm", unicode_cpt_flags::LETTER},     {"Lo", unicode_cpt_flags::LETTER},
            {"N", unicode_cpt_flags::NUMBER},      {"P", unicode_cpt_flags::PUNCTUATION},
            {"M", unicode_cpt_flags::ACCENT_MARK}, {"S", unicode_cpt_flags::SYMBOL},
        };
        std::string name;
        expect("{");
        while (!take("}")) {
            name += static_cast<char>(next());
        }
        const auto found = categories.find(name);
        if (found == categories.end()) {
            fail();
        }
        return found->second;
    }

    const std::string &   expression_;
    std::vector<uint32_t> code_;
    size_t                at_ = 0;
};

} // namespace

RegexNode parse_regex(const std::string & expression) {
    return Parser(expression).parse();
}

} // namespace longembed
