#include "added_tokens.h"

#include <algorithm>

#include "llama-vocab.h"

namespace longembed {

namespace {

constexpr const char * white_space = " \t\n\v\f\r";

std::string_view without_end(std::string_view text) {
    return text.substr(0, text.find_last_not_of(white_space) + 1); // npos + 1 is 0
}

std::string_view without_beginning(std::string_view text) {
    return text.substr(std::min(text.size(), text.find_first_not_of(white_space)));
}

} // namespace

AddedTokens::AddedTokens(const llama_vocab & vocab, std::string_view mark) {
    for (int32_t id = 0; id < static_cast<int32_t>(vocab.n_tokens()); ++id) {
        const auto & data    = vocab.get_token_data(id);
        const bool   as_text = (data.attr & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN)) != 0;
        const bool   marked  = data.text.compare(0, mark.size(), mark) == 0;
        const auto   text    = data.text.substr(marked ? mark.size() : 0);
        if ((data.attr & LLAMA_TOKEN_ATTR_USER_DEFINED) != 0 && !as_text && !text.empty()) {
            tokens_.push_back(
                {id, text, (data.attr & LLAMA_TOKEN_ATTR_LSTRIP) != 0, (data.attr & LLAMA_TOKEN_ATTR_RSTRIP) != 0});
        }
    }
    std::stable_sort(tokens_.begin(), tokens_.end(),
                     [](const Token & a, const Token & b) { return a.text.size() > b.text.size(); });
}

std::vector<AddedTokens::Fragment> AddedTokens::fragments_of(std::string_view text) const {
    std::vector<Fragment> fragments{{text, -1}};
    std::vector<Fragment> cut_further;
    for (const Token & token : tokens_) {
        cut_further.clear();
        for (const Fragment & fragment : fragments) {
            if (fragment.token >= 0) {
                cut_further.push_back(fragment);
            } else {
                cut(fragment.text, token, cut_further);
            }
        }
        std::swap(fragments, cut_further);
    }
    return fragments;
}

void AddedTokens::cut(std::string_view text, const Token & token, std::vector<Fragment> & fragments) {
    for (size_t at = text.find(token.text); at != std::string_view::npos; at = text.find(token.text)) {
        const std::string_view before = text.substr(0, at);
        const std::string_view left   = token.strips_left ? without_end(before) : before;
        if (!left.empty()) {
            fragments.push_back({left, -1});
        }
        fragments.push_back({{}, token.id});
        text.remove_prefix(at + token.text.size());
        text = token.strips_right ? without_beginning(text) : text;
    }
    if (!text.empty()) {
        fragments.push_back({text, -1});
    }
}

} // namespace longembed
