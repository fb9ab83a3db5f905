#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct llama_model;

namespace longembed {

/// The token that a file's key names, such as "bos"; −1 where it says that there is none (converters write 2³² − 1),
/// nothing where it has no such key. llama.cpp takes a default for both.
std::optional<int32_t> named_token(const llama_model & model, const std::string & name);

/// What a BERT vocabulary has beside the pieces of words: [CLS] before a text, [SEP] after it, and [UNK] for words that
/// no pieces make up.
///
/// llama.cpp takes ids 101, 102 and 100 where a file does not name them, whatever tokens these are, and does not read
/// `tokenizer.ggml.cls_token_id`, which stands in files without `bos_token_id`.
struct BertSpecialTokens {
    int32_t cls;
    int32_t sep;
    int32_t unk; ///< −1: there is none

    /// By the file's keys, else by their texts.
    /// @throws Error ERR_TOKENIZER when there is no [CLS] or no [SEP]
    static BertSpecialTokens of(const llama_model & model);
};

} // namespace longembed
