#include "wordpiece.h"

#include <algorithm>

#include "error.h"
#include "llama-vocab.h"

namespace longembed {

namespace {

/// `max_input_chars_per_word` of BERT's tokenizers.
constexpr size_t max_word_length = 100;

/// Drops the last code point, even an incomplete one. @return whether anything is left
bool shorten(std::string_view & utf8) {
    const auto is_continuation = [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; };
    while (!utf8.empty() && is_continuation(utf8.back())) {
        utf8.remove_suffix(1);
    }
    if (!utf8.empty()) {
        utf8.remove_suffix(1);
    }
    return !utf8.empty();
}

} // namespace

WordPiece::WordPiece(const llama_vocab & vocab, const BertNormalizer & normalizer, int32_t unknown)
    : normalizer_(normalizer), unknown_(unknown) {
    const auto count = static_cast<int32_t>(vocab.n_tokens());
    first_pieces_.reserve(count);
    for (int32_t id = 0; id < count; ++id) {
        std::string_view piece = vocab.token_get_text(id);
        const bool       first = piece.substr(0, word_start.size()) == word_start;
        if (first) {
            piece.remove_prefix(word_start.size());
        }
        // [CLS] and its like have no mark and so look like pieces within a word
        if (!piece.empty() && !vocab.is_control(id)) {
            (first ? first_pieces_ : later_pieces_).emplace(piece, id);
            max_bytes_ = std::max(max_bytes_, piece.size());
        }
    }
}

bool WordPiece::is_cased(const llama_vocab & vocab) {
    const auto is_capital = [](char letter) { return letter >= 'A' && letter <= 'Z'; };
    const auto count      = static_cast<int32_t>(vocab.n_tokens());
    int32_t    cased      = 0;
    for (int32_t id = 0; id < count; ++id) {
        const std::string_view piece = vocab.token_get_text(id);
        cased += !vocab.is_control(id) && std::any_of(piece.begin(), piece.end(), is_capital) ? 1 : 0;
    }
    return cased > count / 100; // a few are names such as [CLS]
}

std::vector<int32_t> WordPiece::tokenize(const std::string & text) const {
    std::vector<int32_t> tokens;
    normalizer_.split(text, [&](const std::vector<uint32_t> & word) { add_word(word, tokens); });
    return tokens;
}

void WordPiece::add_word(const std::vector<uint32_t> & word, std::vector<int32_t> & tokens) const {
    const size_t before = tokens.size();
    if (word.size() <= max_word_length) {
        std::string bytes;
        for (const uint32_t code : word) {
            append_utf8(bytes, code);
        }
        for (size_t start = 0; start < bytes.size();) {
            const Pieces &   pieces = start == 0 ? first_pieces_ : later_pieces_;
            std::string_view piece  = std::string_view(bytes).substr(start, max_bytes_);
            auto             found  = pieces.find(piece);
            while (found == pieces.end() && shorten(piece)) {
                found = pieces.find(piece);
            }
            if (found == pieces.end()) {
                tokens.resize(before);
                break;
            }
            tokens.push_back(found->second);
            start += piece.size();
        }
    }
    if (tokens.size() == before) {
        if (unknown_ < 0) {
            throw Error(
                ErrorCode::tokenizer,
                "The text has a word that is not in the model's vocabulary, which has no token for unknown words.");
        }
        tokens.push_back(unknown_);
    }
}

} // namespace longembed
