"""A byte-level BPE vocabulary like GPT-2's, for the causal model. Case-sensitive."""

import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from vocabulary.corpus import corpus

SPECIAL = ["<pad>", "<s>", "</s>"]
SIZE = 8192
START, END = "<s>", "</s>"


def learn():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (START, END)],
    )
    return tokenizer


def spelled(token):
    """Ġ stands for a space. A capital begins a word too: names and sentences at the very beginning of a text have no space."""
    if token in SPECIAL:
        return "", False
    word = token.removeprefix("Ġ")
    return word.lower(), token.startswith("Ġ") or word[:1].isupper()


def merges(tokenizer):
    """The merges as GGUF stores them: "left right"."""
    rows = json.loads(tokenizer.to_str())["model"]["merges"]
    return [" ".join(row) if isinstance(row, list) else row for row in rows]
