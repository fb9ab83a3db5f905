#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct llama_vocab;

namespace longembed {

/// The tokens of a BPE or WordPiece vocabulary that are found in a text before it is split into words ("user-defined":
/// of GPT-NeoX and ModernBERT, runs of white space). llama.cpp finds those of BPE too, but in time that grows with the
/// square of how many there are: what is cut here has none left for it to find.
class AddedTokens {
public:
    /// @param mark  what files put before a token's text
    explicit AddedTokens(const llama_vocab & vocab, std::string_view mark = {});

    bool empty() const { return tokens_.empty(); }

    /// A token, or text between them.
    struct Fragment {
        std::string_view text;
        int32_t          token; ///< −1: text
    };

    /// The longest tokens are looked for first, each from the left.
    std::vector<Fragment> fragments_of(std::string_view text) const;

private:
    struct Token {
        int32_t     id;
        std::string text;
        bool        strips_left; ///< takes the white space before it
        bool        strips_right;
    };

    static void cut(std::string_view text, const Token & token, std::vector<Fragment> & fragments);

    std::vector<Token> tokens_;
};

} // namespace longembed
