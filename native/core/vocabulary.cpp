#include "vocabulary.h"

#include <algorithm>
#include <climits>
#include <stdexcept>

#include "devices/devices.h"
#include "error.h"
#include "llama-model.h"
#include "llama.h"
#include "llama/abort_guard.h"
#include "llama/log.h"
#include "model_file/model_file.h"
#include "pretokenize/word_record.h"
#include "tokenize/added_tokens.h"
#include "tokenize/unknown_characters.h"
#include "tokenize/wordpiece.h"

namespace longembed {

namespace {

/// Whether tokenizers that GGUF calls so normalize to NFC, which the format cannot say. By the classes of transformers
/// 5.24: Qwen2Tokenizer (also Qwen3's), Qwen3_5Tokenizer, CohereTokenizer, and GPTNeoXTokenizer (OLMo, ModernBERT).
bool is_composed(const std::string & pre) {
    return pre == "qwen2" || pre == "qwen35" || pre == "command-r" || pre == "olmo" || pre == "modern-bert";
}

/// Where the file names none, SentencePiece's and T5's vocabularies have the usual one. llama.cpp's for BPE is a comma
/// in most.
/// @param name   of its key
/// @param other  the same by the name that encoders have for it
int32_t special_token(const llama_model & model, const char * name, const char * other, int32_t usual) {
    const std::optional<int32_t> named = named_token(model, name);
    if (model.vocab.get_type() != LLAMA_VOCAB_TYPE_BPE) {
        return named.value_or(usual);
    }
    return named.value_or(-1) >= 0 ? *named : named_token(model, other).value_or(-1);
}

/// Files that were made before the format had these keys lack them, also of models that tell capitals apart.
BertNormalizer normalizer_of(const llama_model & model) {
    const auto & options   = model.vocab.get_normalizer_opts();
    const auto   has       = [&](const std::string & key) { return model.gguf_kv.count("tokenizer.ggml." + key) > 0; };
    const bool   lowercase = has("normalizer.lowercase") ? options.lowercase : !WordPiece::is_cased(model.vocab);
    return {lowercase, has("normalizer.strip_accents") ? options.strip_accents : lowercase};
}

} // namespace

Vocabulary::Vocabulary(const llama_model & model)
    : vocab_(llama_model_get_vocab(&model)), bos_(special_token(model, "bos", "cls", llama_vocab_bos(vocab_))),
      eos_(special_token(model, "eos", "seperator", llama_vocab_eos(vocab_))) {
    const auto pre = model.gguf_kv.find("tokenizer.ggml.pre");
    takes_nfc_     = pre != model.gguf_kv.end() && is_composed(pre->second);
    if (llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_WPM) {
        bert_      = BertSpecialTokens::of(model);
        bos_       = bert_->cls;
        wordpiece_ = std::make_unique<WordPiece>(*vocab_, normalizer_of(model), bert_->unk);
        find_added_tokens(WordPiece::word_start);
    }
    // that of "hybriddna" goes on from fragment to fragment
    if (llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_BPE && vocab_->get_tokenizer_model() != "hybriddna") {
        find_added_tokens("");
        auto unknown = std::make_unique<UnknownCharacters>(*vocab_);
        unknown_     = unknown->none() ? nullptr : std::move(unknown);
    }
}

void Vocabulary::find_added_tokens(std::string_view mark) {
    auto added = std::make_unique<AddedTokens>(*vocab_, mark);
    added_     = added->empty() ? nullptr : std::move(added);
}

Vocabulary::~Vocabulary() = default;

std::string Vocabulary::type() const {
    switch (llama_vocab_type(vocab_)) {
        case LLAMA_VOCAB_TYPE_SPM: return "sentencepiece";
        case LLAMA_VOCAB_TYPE_BPE: return "bpe";
        case LLAMA_VOCAB_TYPE_WPM: return "wordpiece";
        case LLAMA_VOCAB_TYPE_UGM: return "unigram";
        case LLAMA_VOCAB_TYPE_RWKV: return "rwkv";
        case LLAMA_VOCAB_TYPE_PLAMO2: return "plamo2";
        default: return "none";
    }
}

int32_t Vocabulary::size() const {
    return llama_vocab_n_tokens(vocab_);
}

std::vector<int32_t> Vocabulary::prefix() const {
    if (bert_) {
        return {bert_->cls};
    }
    return llama_vocab_get_add_bos(vocab_) && bos() >= 0 ? std::vector<int32_t>{bos()} : std::vector<int32_t>{};
}

std::vector<int32_t> Vocabulary::suffix() const {
    if (bert_) {
        return {bert_->sep};
    }
    return llama_vocab_get_add_eos(vocab_) && eos() >= 0 ? std::vector<int32_t>{eos()} : std::vector<int32_t>{};
}

std::vector<int32_t> Vocabulary::tokenize(const std::string & text) const {
    if (llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_NONE) {
        throw Error(ErrorCode::tokenizer, "The model file has no vocabulary: give token ids, or a tokenizer.json.");
    }
    if (text.size() > static_cast<size_t>(INT_MAX)) {
        throw Error(ErrorCode::tokenizer, "The text has " + std::to_string(text.size()) + " bytes; at most " +
                                              std::to_string(INT_MAX) + " can be tokenized at once.");
    }
    if (text.empty()) {
        return {};
    }
    if (wordpiece_ && added_ == nullptr) {
        return wordpiece_->tokenize(text);
    }
    try {
        const AbortGuard     guard;
        std::vector<int32_t> tokens;
        if (added_ == nullptr) {
            tokenize_part(text, tokens);
            tokens.shrink_to_fit();
            return tokens;
        }
        for (const AddedTokens::Fragment & fragment : added_->fragments_of(text)) {
            if (fragment.token >= 0) {
                tokens.push_back(fragment.token);
            } else {
                tokenize_part(fragment.text, tokens);
            }
        }
        return tokens;
    } catch (const Error &) {
        throw;
    } catch (const std::out_of_range &) {
        // how llama.cpp's SentencePiece fails to find the token of a byte
        throw Error(ErrorCode::tokenizer,
                    "The text has a character that is not in the model's vocabulary, which has no tokens for its "
                    "bytes. Leave the character out, or give the model's tokenizer.json (the option tokenizer).");
    } catch (const std::exception & e) {
        throw Error(ErrorCode::tokenizer,
                    std::string("The model's vocabulary cannot tokenize this text: ") + e.what() + ".");
    }
}

void Vocabulary::tokenize_part(std::string_view text, std::vector<int32_t> & tokens) const {
    const size_t begin = tokens.size();
    if (wordpiece_) {
        const std::vector<int32_t> part = wordpiece_->tokenize(std::string(text));
        tokens.insert(tokens.end(), part.begin(), part.end());
    } else if (unknown_ == nullptr) {
        tokenize_with_llama(text, tokens);
    } else {
        const WordRecord record;
        tokenize_with_llama(text, tokens);
        unknown_->restore(record, tokens, begin);
    }
    if (std::any_of(tokens.begin() + begin, tokens.end(), [](int32_t token) { return token < 0; })) {
        throw Error(ErrorCode::tokenizer,
                    "The text has a character that is not in the model's vocabulary, which has no unknown token.");
    }
}

void Vocabulary::tokenize_with_llama(std::string_view text, std::vector<int32_t> & tokens) const {
    const size_t begin  = tokens.size();
    const auto   length = static_cast<int32_t>(text.size());
    const auto   append = [&](size_t room) {
        tokens.resize(begin + room);
        return llama_tokenize(vocab_, text.data(), length, tokens.data() + begin, static_cast<int32_t>(room), false,
                              false);
    };
    // a token has at least one byte, and a space may be added at the beginning
    int32_t count = append(text.size() + 2);
    if (count < 0 && count != INT_MIN) {
        count = append(-static_cast<int64_t>(count));
    }
    if (count < 0) {
        throw Error(ErrorCode::tokenizer, "The text has more tokens than an int can count.");
    }
    tokens.resize(begin + count);
}

VocabularyFile::VocabularyFile(const std::string & path) {
    load_backends();
    check_model_file(path, FilePart::vocabulary);

    const AbortGuard guard;
    clear_errors();
    llama_model_params params = llama_model_default_params();
    params.vocab_only         = true;
    try {
        model_.reset(llama_model_load_from_file(path.c_str(), params), [](llama_model * model) {
            if (model != nullptr) {
                llama_model_free(model);
            }
        });
    } catch (const AssertionFailed & failure) {
        if (failure.code() == ErrorCode::out_of_memory) {
            throw;
        }
        throw Error(ErrorCode::model_invalid, "The vocabulary in \"" + path + "\" cannot be used: " + failure.what());
    }
    if (!model_) {
        throw Error(ErrorCode::model_invalid,
                    "The vocabulary in \"" + path + "\" cannot be read: " + logged_errors() + ".");
    }
    vocabulary_ = std::make_unique<Vocabulary>(*model_);
}

} // namespace longembed
