#include "vocabulary_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "invalid_file.h"

namespace longembed {

namespace {

const std::string prefix = "tokenizer.ggml.";

/// What converters write for "there is none".
constexpr uint64_t no_token = 0xffffffff;

const GgufValue & required_array(const Metadata & metadata, const std::string & key,
                                 const std::vector<gguf_type> & types, const char * expected) {
    const GgufValue * value = metadata.find(key);
    if (value == nullptr) {
        throw InvalidFile("it has no key " + quoted(key) + ".");
    }
    if (!value->is_array || std::find(types.begin(), types.end(), value->type) == types.end()) {
        throw InvalidFile("its key " + quoted(key) + " is no array of " + expected + ".");
    }
    return *value;
}

/// An array with an entry for each token, or null.
const GgufValue * beside_tokens(const Metadata & metadata, const std::string & key,
                                const std::vector<gguf_type> & types, const char * expected, uint64_t tokens) {
    if (metadata.find(key) == nullptr) {
        return nullptr;
    }
    const GgufValue & value = required_array(metadata, key, types, expected);
    if (value.count < tokens) {
        throw InvalidFile("its key " + quoted(key) + " has " + std::to_string(value.count) + " entries for " +
                          std::to_string(tokens) + " tokens.");
    }
    return &value;
}

/// llama.cpp finds tokens by their text, and ends the process when two are the same.
void check_distinct(const std::vector<std::string> & tokens) {
    std::unordered_map<std::string, size_t> ids;
    ids.reserve(tokens.size());
    for (size_t id = 0; id < tokens.size(); ++id) {
        // so it names a token without text
        const std::string text =
            tokens[id].empty() ? "[EMPTY_" + std::to_string(id) + "]" : std::string(tokens[id].c_str());
        const auto [first, is_new] = ids.emplace(text, id);
        if (!is_new) {
            throw InvalidFile("its key \"tokenizer.ggml.tokens\" has the token " + quoted(text) + " twice, as " +
                              std::to_string(first->second) + " and " + std::to_string(id) + ".");
        }
    }
}

void check_types(const GgufValue & types) {
    constexpr uint64_t last    = 6; // of llama_token_type
    const auto         numbers = whole_numbers(types);
    if (!numbers || std::any_of(numbers->begin(), numbers->end(), [](uint64_t type) { return type > last; })) {
        throw InvalidFile("its key \"tokenizer.ggml.token_type\" has a type that there is not; 0 to 6 are possible.");
    }
}

void check_scores(const GgufValue & scores) {
    const auto numbers = real_numbers(scores);
    if (numbers && std::any_of(numbers->begin(), numbers->end(), [](double score) { return std::isnan(score); })) {
        throw InvalidFile("its key \"tokenizer.ggml.scores\" has a score that is no number.");
    }
}

/// Text that a merge makes into a piece which is no token would be left out of the text's tokens. Hugging Face's
/// tokenizers refuse such a vocabulary, too.
void check_merged(const std::string & merge, size_t space, const std::unordered_set<std::string_view> & tokens) {
    const std::string piece = merge.substr(0, space) + merge.substr(space + 1);
    if (tokens.count(piece) == 0) {
        throw InvalidFile("its key \"tokenizer.ggml.merges\" has the merge " + quoted(merge) +
                          ", but there is no token " + quoted(piece) + ".");
    }
}

/// @param are_used  whether text is split into tokens by them
void check_merges(const Metadata & metadata, const std::vector<std::string> & tokens, bool are_used) {
    const std::string key = prefix + "merges";
    if (metadata.find(key) == nullptr) {
        return;
    }
    const GgufValue & merges = required_array(metadata, key, {GGUF_TYPE_STRING}, "texts");

    const std::unordered_set<std::string_view> pieces(tokens.begin(), tokens.end());
    for (size_t i = 0; i < merges.texts.size(); ++i) {
        const std::string & merge = merges.texts[i];
        if (merge.size() < 3 || merge.find(' ', 1) >= merge.size() - 1) {
            throw InvalidFile("its key " + quoted(key) + " has at " + std::to_string(i) + " " + quoted(merge) +
                              ", which is no pair of two parts.");
        }
        if (are_used) {
            check_merged(merge, merge.find(' ', 1), pieces);
        }
    }
}

/// Of llama.cpp's tokenizers, those that merge pairs by this list.
bool is_byte_pair(const std::string & model) {
    return model == "gpt2" || model == "gemma4" || model == "whitespace" || model == "hybriddna";
}

/// The byte that a token of RWKV begins with, and whether it is all of it; texts are written with escapes.
std::pair<uint8_t, bool> first_byte(const std::string & text) {
    if (text[0] != '\\' || text.size() < 2) {
        return {static_cast<uint8_t>(text[0]), text.size() == 1};
    }
    switch (text[1]) {
        case 't': return {'\t', text.size() == 2};
        case 'n': return {'\n', text.size() == 2};
        case 'r': return {'\r', text.size() == 2};
        case 'x': return {static_cast<uint8_t>(std::strtoul(text.substr(2, 2).c_str(), nullptr, 16)), text.size() == 4};
        default: return {static_cast<uint8_t>(text[1]), text.size() == 2};
    }
}

/// llama.cpp's RWKV tokenizer never ends on a text where tokens begin with a byte, but none of them fits.
void check_first_bytes(const std::vector<std::string> & tokens) {
    std::array<bool, 256> are_tokens{};
    for (const std::string & token : tokens) {
        if (!token.empty() && first_byte(token).second) {
            are_tokens[first_byte(token).first] = true;
        }
    }
    for (const std::string & token : tokens) {
        if (!token.empty() && !are_tokens[first_byte(token).first]) {
            throw InvalidFile("its key \"tokenizer.ggml.tokens\" has " + quoted(token) +
                              ", but no token that is its first byte alone.");
        }
    }
}

void check_special_tokens(const Metadata & metadata, uint64_t tokens) {
    for (const char * name : {"bos", "eos", "unknown", "seperator", "padding", "cls", "mask"}) {
        const std::string key = prefix + name + "_token_id";
        const auto        id  = metadata.whole(key);
        if (id && *id >= tokens && *id != no_token) {
            throw InvalidFile("its key " + quoted(key) + " is " + std::to_string(*id) + ", but there are " +
                              std::to_string(tokens) + " tokens.");
        }
    }
}

} // namespace

int64_t check_vocabulary(const Metadata & metadata, const std::string & architecture, int64_t fallback) {
    const auto model = metadata.text(prefix + "model");
    if (!model) {
        throw InvalidFile("it has no key \"tokenizer.ggml.model\".");
    }
    if (*model == "none" || *model == "no_vocab") {
        const auto size = static_cast<int64_t>(metadata.whole(architecture + ".vocab_size").value_or(fallback));
        // llama.cpp allocates memory for that many tokens
        if (size > fallback) {
            throw InvalidFile("its key " + quoted(architecture + ".vocab_size") + " is " + std::to_string(size) +
                              ", but it has no vocabulary, and vectors for " + std::to_string(fallback) + " tokens.");
        }
        return size;
    }
    const GgufValue & tokens = required_array(metadata, prefix + "tokens", {GGUF_TYPE_STRING}, "texts");
    if (tokens.count == 0) {
        throw InvalidFile("its key \"tokenizer.ggml.tokens\" is empty.");
    }
    if (const auto * types =
            beside_tokens(metadata, prefix + "token_type", {GGUF_TYPE_INT32}, "32-bit integers", tokens.count)) {
        check_types(*types);
    }
    if (const auto * scores = beside_tokens(metadata, prefix + "scores", {GGUF_TYPE_FLOAT32, GGUF_TYPE_INT32},
                                            "32-bit numbers", tokens.count)) {
        check_scores(*scores);
    }
    if ((*model == "llama" || *model == "t5") && metadata.find(prefix + "scores") == nullptr) {
        throw InvalidFile("it has no key \"tokenizer.ggml.scores\", by which text is split into tokens.");
    }
    check_distinct(tokens.texts);
    if (*model == "rwkv") {
        check_first_bytes(tokens.texts);
    }
    check_merges(metadata, tokens.texts, is_byte_pair(*model));
    check_special_tokens(metadata, tokens.count);
    return static_cast<int64_t>(tokens.count);
}

} // namespace longembed
