#include "linear_regex.h"

#include <algorithm>

#include "regex_syntax.h"
#include "unicode.h"

namespace longembed {

namespace {

/// llama.cpp's substitute for white space beyond ASCII.
constexpr uint32_t any_space = 0x0B;

} // namespace

bool CodePointClass::has(uint32_t code) const {
    const auto flags = unicode_cpt_flags_from_cpt(code);
    if (code >= 0x80 && flags.is_whitespace) {
        code = any_space;
    }
    const bool is_space = code == ' ' || (code >= '\t' && code <= '\r');
    const bool found    = (space && is_space) || (not_space && !is_space) ||
                       (code != any_space && (flags.category_flag() & categories) != 0) ||
                       std::any_of(ranges.begin(), ranges.end(),
                                   [code](const Range & range) { return code >= range.first && code <= range.last; });
    return found != negated;
}

void CodePointClass::index_ascii() {
    for (uint32_t code = 0; code < 128; ++code) {
        if (has(code)) {
            ascii[code / 64] |= uint64_t{1} << code % 64;
        }
    }
}

class RegexCompiler {
public:
    explicit RegexCompiler(LinearRegex & regex) : regex_(regex) {}

    void compile(const RegexNode & node) {
        switch (node.kind) {
            case RegexNode::Kind::one: emit_class(Op::consume, node.code_points); break;
            case RegexNode::Kind::ahead: emit_class(Op::ahead, node.code_points); break;
            case RegexNode::Kind::not_ahead: emit_class(Op::not_ahead, node.code_points); break;
            case RegexNode::Kind::at_end: emit(Op::at_end); break;
            case RegexNode::Kind::alternatives: compile_alternatives(node.parts); break;
            case RegexNode::Kind::repeat: compile_repeat(node); break;
            case RegexNode::Kind::sequence:
                for (const RegexNode & part : node.parts) {
                    compile(part);
                }
                break;
        }
    }

    void finish() { emit(Op::match); }

private:
    using Op = LinearRegex::Op;

    size_t here() const { return regex_.program_.size(); }

    size_t emit(Op op, size_t x = 0) {
        regex_.program_.push_back({op, x});
        return here() - 1;
    }

    void emit_class(Op op, const CodePointClass & code_points) {
        emit(op, regex_.classes_.size());
        regex_.classes_.push_back(code_points);
    }

    /// Goes on behind the split, or to here.
    void join(size_t split) {
        regex_.program_[split].x = split + 1;
        regex_.program_[split].y = here();
    }

    void compile_alternatives(const std::vector<RegexNode> & parts) {
        std::vector<size_t> jumps;
        for (size_t i = 0; i + 1 < parts.size(); ++i) {
            const size_t split = emit(Op::split);
            compile(parts[i]);
            jumps.push_back(emit(Op::jump));
            join(split);
        }
        compile(parts.back());
        for (const size_t jump : jumps) {
            regex_.program_[jump].x = here();
        }
    }

    void compile_repeat(const RegexNode & node) {
        for (int i = 0; i < node.min; ++i) {
            compile(node.parts[0]);
        }
        if (node.max < 0) {
            const size_t split = emit(Op::split);
            compile(node.parts[0]);
            emit(Op::jump, split);
            join(split);
            return;
        }
        std::vector<size_t> splits;
        for (int i = node.min; i < node.max; ++i) {
            splits.push_back(emit(Op::split));
            compile(node.parts[0]);
        }
        for (const size_t split : splits) {
            join(split);
        }
    }

    LinearRegex & regex_;
};

/// Searches a text. A thread is a position in the program with the place where its match began; the more preferred of
/// two threads comes first, and of threads at the same position of the program only the first is kept.
///
/// A thread that is preferred to the match may look far beyond it and fail. The next search starts right after the
/// match and would send the same thread over the same text again, so what has failed is remembered: for each position
/// of the program, one stretch of the text in which a thread there is known to lead to no match.
class RegexSearch {
public:
    struct Match {
        size_t first;
        size_t end;
    };

    RegexSearch(const LinearRegex & regex, const std::vector<uint32_t> & text)
        : regex_(regex), text_(text), seen_(regex.program_.size(), 0), failing_(regex.program_.size()) {}

    /// Searches end here from now on.
    void set_end(size_t end) {
        end_ = end;
        std::fill(failing_.begin(), failing_.end(), Stretch{});
    }

    /// The first match that begins at `from` or later.
    bool find(size_t from, Match & match) {
        bool found = false;
        ++step_;
        current_.clear();
        beyond_.clear();
        for (size_t at = from; at <= end_; ++at) {
            if (!found) {
                follow(0, at, at, current_);
            } else {
                note_beyond(at);
            }
            ++step_;
            next_.clear();
            for (const Thread & thread : current_) {
                const LinearRegex::Instruction & instruction = regex_.program_[thread.position];
                if (instruction.op == Op::consume) {
                    if (at < end_ && has(instruction.x, text_[at])) {
                        follow(thread.position + 1, thread.first, at + 1, next_);
                    }
                } else if (thread.first < at) {
                    match = {thread.first, at};
                    found = true;
                    forget_beyond(); // those threads may have led here
                    break;           // the others are less preferred
                }
            }
            std::swap(current_, next_);
            if (found && current_.empty()) {
                break;
            }
        }
        return found;
    }

private:
    using Op = LinearRegex::Op;

    struct Thread {
        size_t position;
        size_t first;
    };

    struct Stretch {
        size_t first = 0;
        size_t end   = 0;
    };

    bool has(size_t number, uint32_t code) const {
        const CodePointClass & code_points = regex_.classes_[number];
        return code < 128 ? (code_points.ascii[code / 64] >> code % 64 & 1) != 0 : code_points.has(code);
    }

    /// Remembers the threads that go on beyond a match; unless there is a longer one, they fail.
    void note_beyond(size_t at) {
        for (const Thread & thread : current_) {
            Stretch & failing = failing_[thread.position];
            if (failing.end != at) {
                failing.first = at;
            }
            failing.end = at + 1;
            beyond_.push_back(thread.position);
        }
    }

    void forget_beyond() {
        for (const size_t position : beyond_) {
            failing_[position] = {};
        }
        beyond_.clear();
    }

    bool is_failing(size_t position, size_t at) const {
        return at >= failing_[position].first && at < failing_[position].end;
    }

    /// Adds the threads that a position of the program leads to before the next code point, text[at], is consumed.
    void follow(size_t start, size_t first, size_t at, std::vector<Thread> & threads) {
        stack_.assign(1, start);
        while (!stack_.empty()) {
            const size_t position = stack_.back();
            stack_.pop_back();
            if (seen_[position] == step_) {
                continue;
            }
            seen_[position]                              = step_;
            const LinearRegex::Instruction & instruction = regex_.program_[position];
            switch (instruction.op) {
                case Op::consume:
                    if (!is_failing(position, at)) {
                        threads.push_back({position, first});
                    }
                    break;
                case Op::match: threads.push_back({position, first}); break;
                case Op::jump: stack_.push_back(instruction.x); break;
                case Op::split:
                    stack_.push_back(instruction.y);
                    stack_.push_back(instruction.x);
                    break;
                case Op::at_end:
                    if (at == end_) {
                        stack_.push_back(position + 1);
                    }
                    break;
                case Op::ahead:
                case Op::not_ahead: {
                    const bool is_ahead = at < end_ && has(instruction.x, text_[at]);
                    if (is_ahead == (instruction.op == Op::ahead)) {
                        stack_.push_back(position + 1);
                    }
                    break;
                }
            }
        }
    }

    const LinearRegex &           regex_;
    const std::vector<uint32_t> & text_;
    size_t                        end_ = 0;
    std::vector<Thread>           current_;
    std::vector<Thread>           next_;
    std::vector<size_t>           stack_;
    std::vector<uint64_t>         seen_; ///< the step in which a position of the program was reached last
    uint64_t                      step_ = 0;
    std::vector<Stretch>          failing_;
    std::vector<size_t>           beyond_; ///< positions of the program noted since the match
};

LinearRegex::LinearRegex(const std::string & expression) {
    RegexCompiler compiler(*this);
    compiler.compile(parse_regex(expression));
    compiler.finish();
}

std::vector<size_t> LinearRegex::split(const std::vector<uint32_t> & text, const std::vector<size_t> & lengths) const {
    std::vector<size_t> found;
    RegexSearch         search(*this, text);
    size_t              start = 0;
    for (const size_t length : lengths) {
        const size_t end = start + length;
        search.set_end(end);
        RegexSearch::Match match{};
        while (start < end && search.find(start, match)) {
            if (match.first > start) {
                found.push_back(match.first - start);
            }
            found.push_back(match.end - match.first);
            start = match.end;
        }
        if (start < end) {
            found.push_back(end - start);
            start = end;
        }
    }
    return found;
}

} // namespace longembed
