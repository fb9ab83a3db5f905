"""One interface to both vocabularies: content tokens of many texts, and the special tokens around them."""

from pathlib import Path

from tokenizers import Tokenizer

from vocabulary import bytepair, wordpiece

KINDS = {"wordpiece": wordpiece, "bytepair": bytepair}
MODELS = Path(__file__).parents[2]


def file_of(kind):
    """Learned once by learn_vocabulary.py and kept: learning breaks ties at random, and a model needs the vocabulary it was trained with."""
    return MODELS / f"{kind}.tokenizer.json"


class Vocabulary:
    def __init__(self, kind):
        self.kind = kind
        self.tokenizer = Tokenizer.from_file(str(file_of(kind)))
        self.start = self.tokenizer.token_to_id(KINDS[kind].START)
        self.end = self.tokenizer.token_to_id(KINDS[kind].END)
        self.pad = 0

    @property
    def size(self):
        return self.tokenizer.get_vocab_size()

    def spelled(self):
        """(word or piece in lower case, whether it begins a word) of each token; special tokens have no word."""
        by_id = sorted(self.tokenizer.get_vocab().items(), key=lambda item: item[1])
        return [KINDS[self.kind].spelled(token) for token, _ in by_id]

    def encode_many(self, texts):
        return [found.ids for found in self.tokenizer.encode_batch(texts, add_special_tokens=False)]
