"""A file's vocabulary: the special tokens around a sequence, and the ids of a short prompt."""

import re
from itertools import groupby, pairwise

_SPACE = "\u2581"
_NORMAL = 1  # of tokenizer.ggml.token_type


def special_tokens(file):
    """(ids before, ids after) a sequence, as the file's flags say."""
    get = file.metadata.get
    if get("tokenizer.ggml.model") == "bert":
        return [get("tokenizer.ggml.bos_token_id")], [get("tokenizer.ggml.seperator_token_id")]
    before = [get("tokenizer.ggml.bos_token_id")] if get("tokenizer.ggml.add_bos_token", True) else []
    after = [get("tokenizer.ggml.eos_token_id")] if get("tokenizer.ggml.add_eos_token", False) else []
    return before, after


def content_range(file):
    """(low, high): the ids of the text tokens, neither special nor bytes nor unused; random content is drawn from them."""
    kinds = file.metadata["tokenizer.ggml.token_type"]
    runs = [(kind, list(run)) for kind, run in groupby(range(len(kinds)), key=lambda i: kinds[i])]
    longest = max((run for kind, run in runs if kind == _NORMAL), key=len)
    return longest[0], longest[-1] + 1


def prompt_tokens(file, text):
    """The ids of a prompt made of plain lower-case ASCII words and punctuation that the vocabulary holds."""
    ids = {token: i for i, token in enumerate(file.metadata["tokenizer.ggml.tokens"])}
    split = {"t5": _unigram, "bert": _wordpiece, "llama": _sentencepiece, "gpt2": _byte_level}[file.metadata["tokenizer.ggml.model"]]
    return [ids[piece] for piece in split(file.metadata, ids, text)]


def _wordpiece(_metadata, _ids, text):
    spaced = "".join(c if c.isalnum() or c == " " else f" {c} " for c in text)
    return [_SPACE + word for word in spaced.split()]


def _sentencepiece(metadata, ids, text):
    """Joins the neighbours whose piece has the best score until no pair is a piece."""
    scores = metadata["tokenizer.ggml.scores"]

    def rank(a, b):
        return -scores[ids[a + b]] if a + b in ids else None

    return _joined(list((" " + text).replace(" ", _SPACE)), rank)


def _unigram(metadata, ids, text):
    """The split whose pieces' scores have the largest sum."""
    spaced = _SPACE + text.strip().replace(" ", _SPACE)
    scores = metadata["tokenizer.ggml.scores"]
    best = [(0.0, [])]
    for end in range(1, len(spaced) + 1):
        ways = [(start, spaced[start:end]) for start in range(end)]
        best.append(
            max(
                (best[start][0] + scores[ids[piece]], [*best[start][1], piece])
                for start, piece in ways
                if best[start] is not None and piece in ids
            )
        )
    return best[-1][1]


def _byte_level(metadata, _ids, text):
    """Qwen2's split into words (here for ASCII), then the earliest merge first within each."""
    ranks = {tuple(merge.split(" ")): i for i, merge in enumerate(metadata["tokenizer.ggml.merges"])}
    words = re.findall(r"[^\r\n\w]?[a-z]+|[0-9]| ?[^\s\w]+|\s+(?!\S)|\s+", text)
    return [piece for word in words for piece in _joined(list(word.replace(" ", "\u0120")), lambda *p: ranks.get(p))]


def _joined(pieces, rank):
    """Joins the neighbours of the lowest rank, the leftmost first, until no pair has one."""
    while True:
        ranked = [(rank(a, b), i) for i, (a, b) in enumerate(pairwise(pieces))]
        possible = [pair for pair in ranked if pair[0] is not None]
        if not possible:
            return pieces
        at = min(possible)[1]
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
