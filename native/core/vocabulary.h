#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct llama_vocab;
struct llama_model;

namespace longembed {

class WordPiece;

/// The vocabulary of a loaded model. Several threads may use it at once.
class Vocabulary {
public:
    explicit Vocabulary(const llama_vocab * vocab);
    ~Vocabulary();

    /// "wordpiece", "sentencepiece", "unigram", "bpe", "rwkv", "plamo2" or "none"
    std::string type() const;

    int32_t size() const;

    /// −1 if the vocabulary has none.
    int32_t bos() const;
    int32_t eos() const;

    /// The special tokens before and after a text, by the file's flags.
    std::vector<int32_t> prefix() const;
    std::vector<int32_t> suffix() const;

    /// Content tokens of a UTF-8 text: no special tokens are added, and text that looks like a special token is
    /// tokenized as text.
    /// @throws Error ERR_TOKENIZER
    std::vector<int32_t> tokenize(const std::string & text) const;

private:
    const llama_vocab *              vocab_;
    std::unique_ptr<const WordPiece> wordpiece_; ///< null for vocabularies of another type
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
