#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bert_normalizer.h"

struct llama_vocab;

namespace longembed {

/// BERT's tokenizer over a vocabulary that llama.cpp loaded: words are split into the longest pieces that the
/// vocabulary has, from left to right; a word that cannot be split, or that is longer than 100 code points, is one
/// unknown token.
///
/// llama.cpp's own WordPiece keeps only the first letter of a Hangul syllable, drops spacing marks (Mc) and splits
/// words of any length, so that its ids differ from those the models were trained with.
class WordPiece {
public:
    /// Marks pieces that start a word in a GGUF file, where BERT's own vocabulary marks the others with "##".
    static constexpr std::string_view word_start = "\xe2\x96\x81";

    /// @param unknown  the token of words that have no pieces; −1: there is none
    WordPiece(const llama_vocab & vocab, const BertNormalizer & normalizer, int32_t unknown);

    /// Whether pieces have capitals. Texts in lower case would never come to those.
    static bool is_cased(const llama_vocab & vocab);

    /// Ids of a UTF-8 text, without special tokens.
    /// @throws Error ERR_TOKENIZER when a word is unknown and the vocabulary has no token for that
    std::vector<int32_t> tokenize(const std::string & text) const;

private:
    using Pieces = std::unordered_map<std::string_view, int32_t>;

    void add_word(const std::vector<uint32_t> & word, std::vector<int32_t> & tokens) const;

    BertNormalizer normalizer_;
    Pieces         first_pieces_; ///< at the start of a word; views into the vocabulary
    Pieces         later_pieces_;
    size_t         max_bytes_ = 0; ///< of a piece
    int32_t        unknown_;
};

} // namespace longembed
