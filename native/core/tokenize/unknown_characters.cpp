#include "unknown_characters.h"

#include <algorithm>
#include <cstdio>

#include "error.h"
#include "llama-vocab.h"
#include "pretokenize/word_record.h"
#include "unicode.h"

namespace longembed {

namespace {

std::string hexadecimal(uint32_t number, int digits) {
    char text[16];
    std::snprintf(text, sizeof(text), "%0*X", digits, number);
    return text;
}

/// The text that GPT-2's characters stand for.
std::string decoded(const std::string & word) {
    std::string text;
    for (const uint32_t code : unicode_cpts_from_utf8(word)) {
        text += static_cast<char>(unicode_utf8_to_byte(unicode_cpt_to_utf8(code)));
    }
    return text;
}

/// The character that the byte at `at` belongs to.
std::string character_around(const std::string & text, size_t at) {
    while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) {
        --at;
    }
    return text.substr(at, unicode_len_utf8(text[at]));
}

std::string named(const std::string & character) {
    const uint32_t code = unicode_cpts_from_utf8(character).front();
    return "U+" + hexadecimal(code, 4) + (code > ' ' && code != 0x7F ? " (\"" + character + "\")" : "");
}

} // namespace

UnknownCharacters::UnknownCharacters(const llama_vocab & vocab) : vocab_(vocab) {
    WordRecord record;
    vocab.tokenize("a", false);
    byte_encoded_ = record.byte_encoded;
    for (int byte = 0; byte < 256 && none_; ++byte) {
        none_ = byte_token(static_cast<uint8_t>(byte)) >= 0;
    }
}

int32_t UnknownCharacters::byte_token(uint8_t byte) const {
    return vocab_.text_to_token(byte_encoded_ ? unicode_byte_to_utf8(byte) : "<0x" + hexadecimal(byte, 2) + ">");
}

void UnknownCharacters::restore(const WordRecord & record, std::vector<int32_t> & tokens, size_t first) const {
    std::vector<int32_t> restored;
    size_t               next = first;
    for (const std::string & word : record.words) {
        for (size_t at = 0; at < word.size();) {
            if (next < tokens.size()) {
                const std::string & piece = vocab_.get_token_data(tokens[next]).text;
                if (word.compare(at, piece.size(), piece) == 0) {
                    restored.push_back(tokens[next++]);
                    at += piece.size();
                    continue;
                }
            }
            const size_t length = std::min(word.size() - at, unicode_len_utf8(word[at]));
            const size_t bytes  = bytes_at(word.substr(at, length), tokens, next);
            if (bytes == length) {
                restored.insert(restored.end(), tokens.begin() + next, tokens.begin() + next + bytes);
            } else {
                restored.push_back(unknown_for(word, at, length));
            }
            next += bytes;
            at += length;
        }
    }
    if (next != tokens.size()) {
        throw Error(ErrorCode::tokenizer, "The model's vocabulary makes tokens of this text that are not in it.");
    }
    tokens.resize(first);
    tokens.insert(tokens.end(), restored.begin(), restored.end());
}

size_t UnknownCharacters::bytes_at(const std::string & character, const std::vector<int32_t> & tokens,
                                   size_t next) const {
    size_t count = 0;
    for (const char byte : character) {
        const bool is_next = !byte_encoded_ && next + count < tokens.size() &&
                             tokens[next + count] == byte_token(static_cast<uint8_t>(byte));
        count += is_next ? 1 : 0;
    }
    return count;
}

int32_t UnknownCharacters::unknown_for(const std::string & word, size_t at, size_t length) const {
    if (vocab_.token_unk() >= 0) {
        return vocab_.token_unk();
    }
    std::string what = named(word.substr(at, length));
    if (byte_encoded_) {
        const size_t      byte = unicode_cpts_from_utf8(word.substr(0, at)).size();
        const std::string text = decoded(word);
        what                   = named(character_around(text, byte)) + ", whose byte 0x" +
                                 hexadecimal(static_cast<uint8_t>(text[byte]), 2) + " is not in it";
    }
    throw Error(ErrorCode::tokenizer, "The model's vocabulary has no token for " + what +
                                          ", and none for unknown characters. Leave the character out, or give the "
                                          "model's tokenizer.json (the option tokenizer).");
}

} // namespace longembed
