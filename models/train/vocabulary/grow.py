"""Adds the most common English words to a learned vocabulary as tokens of their own, the most common first."""

import json

from tokenizers import Tokenizer

from data.lists import english

# As many of the most common words get a token for their capitalized form, with and without a space before it.
CAPITALIZED = 400


def grow_wordpiece(tokenizer, size):
    state = json.loads(tokenizer.to_str())
    vocab = state["model"]["vocab"]
    for word in english():
        if len(vocab) == size:
            break
        vocab.setdefault(word, len(vocab))
    return Tokenizer.from_str(json.dumps(state))


def grow_bytepair(tokenizer, size):
    """A word of several tokens gets the merges that compose it, after all learned ones."""
    state = json.loads(tokenizer.to_str())
    vocab, merges = state["model"]["vocab"], state["model"]["merges"]
    ranks = {}
    capitalized = (word.capitalize() for word in english()[:CAPITALIZED])
    forms = [form for word in capitalized for form in (word, f" {word}")] + [f" {word}" for word in english()]
    for form in forms:
        pieces = _merged(tokenizer.encode(form, add_special_tokens=False).tokens, ranks)
        if len(vocab) + len(pieces) - 1 > size:
            break
        while len(pieces) > 1:
            pair = (pieces[0], pieces[1])
            ranks[pair] = len(ranks)
            merges.append(list(pair))
            vocab.setdefault("".join(pair), len(vocab))
            pieces = _merged(pieces, ranks)
    return Tokenizer.from_str(json.dumps(state))


def _merged(pieces, ranks):
    """The pieces after the added merges, the first of them first."""
    pieces = list(pieces)
    while True:
        found = [(ranks[pair], i) for i, pair in enumerate(zip(pieces, pieces[1:])) if pair in ranks]
        if not found:
            return pieces
        _, at = min(found)
        pieces[at : at + 2] = ["".join(pieces[at : at + 2])]
