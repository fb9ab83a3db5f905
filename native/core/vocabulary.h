#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenize/bert_special_tokens.h"

struct llama_vocab;
struct llama_model;

namespace longembed {

class AddedTokens;
class UnknownCharacters;
class WordPiece;

/// The vocabulary of a loaded model. Several threads may use it at once.
class Vocabulary {
public:
    /// @throws Error ERR_TOKENIZER when the file has no special tokens that texts need
    explicit Vocabulary(const llama_model & model);
    ~Vocabulary();

    /// "wordpiece", "sentencepiece", "unigram", "bpe", "rwkv", "plamo2" or "none"
    std::string type() const;

    int32_t size() const;

    /// Whether the model's own tokenizer first composes characters (Unicode's normalization form C). tokenize() takes
    /// text that is composed: there are no tables of it here, while JavaScript has them.
    bool takes_nfc() const { return takes_nfc_; }

    /// −1 if the vocabulary has none.
    int32_t bos() const { return bos_; }
    int32_t eos() const { return eos_; }

    /// The special tokens before and after a text, by the file's flags.
    std::vector<int32_t> prefix() const;
    std::vector<int32_t> suffix() const;

    /// Content tokens of a UTF-8 text: no special tokens are added, and text that looks like a special token is
    /// tokenized as text.
    /// @throws Error ERR_TOKENIZER
    std::vector<int32_t> tokenize(const std::string & text) const;

private:
    void find_added_tokens(std::string_view mark);

    /// Appends the tokens of a text without added tokens.
    void tokenize_part(std::string_view text, std::vector<int32_t> & tokens) const;

    /// The same as llama.cpp makes them.
    void tokenize_with_llama(std::string_view text, std::vector<int32_t> & tokens) const;

    bool                                     takes_nfc_ = false;
    const llama_vocab *                      vocab_;
    int32_t                                  bos_;
    int32_t                                  eos_;
    std::optional<BertSpecialTokens>         bert_;      ///< of WordPiece vocabularies
    std::unique_ptr<const WordPiece>         wordpiece_; ///< null for vocabularies of another type
    std::unique_ptr<const AddedTokens>       added_;     ///< null where there are none
    std::unique_ptr<const UnknownCharacters> unknown_;   ///< of BPE vocabularies that lack some
};

/// A model file's vocabulary, loaded without the weights.
class VocabularyFile {
public:
    /// @throws Error as Model::load
    explicit VocabularyFile(const std::string & path);

    const Vocabulary & vocabulary() const { return *vocabulary_; }

private:
    std::shared_ptr<llama_model> model_;
    std::unique_ptr<Vocabulary>  vocabulary_;
};

} // namespace longembed
