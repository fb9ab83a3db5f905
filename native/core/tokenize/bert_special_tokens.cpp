#include "bert_special_tokens.h"

#include <cstdlib>
#include <initializer_list>
#include <string>

#include "error.h"
#include "llama-model.h"

namespace longembed {

namespace {

constexpr int32_t none = -1;

/// The token that one of the keys names, in their order, else the one with this text.
int32_t find(const llama_model & model, std::initializer_list<const char *> names, const char * text) {
    for (const char * name : names) {
        if (const int32_t id = named_token(model, name).value_or(none); id != none) {
            return id;
        }
    }
    return model.vocab.text_to_token(text);
}

int32_t required(int32_t id, const char * text, const char * key) {
    if (id == none) {
        throw Error(ErrorCode::tokenizer, std::string("The model's vocabulary has no token ") + text +
                                              ", and its file does not name one as \"tokenizer.ggml." + key + "\".");
    }
    return id;
}

} // namespace

std::optional<int32_t> named_token(const llama_model & model, const std::string & name) {
    const auto entry = model.gguf_kv.find("tokenizer.ggml." + name + "_token_id");
    if (entry == model.gguf_kv.end()) {
        return std::nullopt;
    }
    const uint64_t id = std::strtoull(entry->second.c_str(), nullptr, 10);
    return id < model.vocab.n_tokens() ? static_cast<int32_t>(id) : none;
}

BertSpecialTokens BertSpecialTokens::of(const llama_model & model) {
    return {
        required(find(model, {"bos", "cls"}, "[CLS]"), "[CLS]", "cls_token_id"),
        // the missing letter is part of the key's name in the format
        required(find(model, {"seperator"}, "[SEP]"), "[SEP]", "seperator_token_id"),
        find(model, {"unknown"}, "[UNK]"),
    };
}

} // namespace longembed
