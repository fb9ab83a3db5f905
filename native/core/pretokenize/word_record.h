#pragma once

#include <string>
#include <vector>

namespace longembed {

/// The words that llama.cpp's BPE tokenizers split texts into on this thread while the object lives: its
/// unicode_regex_split() is ours. Records are not nested.
class WordRecord {
public:
    WordRecord();
    ~WordRecord();

    WordRecord(const WordRecord &)             = delete;
    WordRecord & operator=(const WordRecord &) = delete;

    /// As the vocabulary's pieces are written.
    std::vector<std::string> words;

    /// Whether each character of a word stands for a byte of the text, as GPT-2 writes them.
    bool byte_encoded = false;
};

} // namespace longembed
