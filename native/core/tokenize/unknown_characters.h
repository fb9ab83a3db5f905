#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct llama_vocab;

namespace longembed {

class WordRecord;

/// What a BPE vocabulary has no tokens for: of byte-level ones bytes that were not in the text they were made from, of
/// others any character. llama.cpp leaves such characters out without a word. Hugging Face's tokenizers put the unknown
/// token in their place, where there is one.
class UnknownCharacters {
public:
    explicit UnknownCharacters(const llama_vocab & vocab);

    /// Whether every text has tokens.
    bool none() const { return none_; }

    /// Puts unknown tokens where characters were left out.
    /// @param record  the words that the tokens were made of
    /// @param first   where these tokens begin
    /// @throws Error ERR_TOKENIZER when the vocabulary has no unknown token
    void restore(const WordRecord & record, std::vector<int32_t> & tokens, size_t first) const;

private:
    /// The token of a byte of a character that is none itself; −1 if there is none.
    int32_t byte_token(uint8_t byte) const;

    /// How many of a character's bytes the tokens at `next` are.
    size_t bytes_at(const std::string & character, const std::vector<int32_t> & tokens, size_t next) const;

    int32_t unknown_for(const std::string & word, size_t at, size_t length) const;

    const llama_vocab & vocab_;
    bool                byte_encoded_ = false;
    bool                none_         = true;
};

} // namespace longembed
