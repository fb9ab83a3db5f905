"""One face for both vocabularies: content tokens of many texts, and the special tokens around them."""

from vocabulary import bytepair, wordpiece

KINDS = {"wordpiece": wordpiece, "bytepair": bytepair}


class Vocabulary:
    def __init__(self, kind):
        self.kind = kind
        self.tokenizer = KINDS[kind].learn()
        self.start = self.tokenizer.token_to_id(KINDS[kind].START)
        self.end = self.tokenizer.token_to_id(KINDS[kind].END)
        self.pad = 0

    @property
    def size(self):
        return self.tokenizer.get_vocab_size()

    def encode_many(self, texts):
        return [found.ids for found in self.tokenizer.encode_batch(texts, add_special_tokens=False)]

    def save(self, path):
        self.tokenizer.save(str(path))
