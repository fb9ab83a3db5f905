"""What the oracle needs of a file's vocabulary: the special tokens around a sequence, and the ids of a short prompt."""

from itertools import pairwise

_SPACE = "\u2581"


def special_tokens(file):
    """(ids before, ids after) a sequence, as the file's flags say."""
    get = file.metadata.get
    if get("tokenizer.ggml.model") == "bert":
        return [get("tokenizer.ggml.bos_token_id")], [get("tokenizer.ggml.seperator_token_id")]
    before = [get("tokenizer.ggml.bos_token_id")] if get("tokenizer.ggml.add_bos_token", True) else []
    after = [get("tokenizer.ggml.eos_token_id")] if get("tokenizer.ggml.add_eos_token", False) else []
    return before, after


def content_range(file):
    """(low, high): ids that are text, not special and not bytes: what random content is drawn from."""
    tokens = file.metadata["tokenizer.ggml.tokens"]
    kinds = file.metadata["tokenizer.ggml.token_type"]
    low = next(i for i in range(len(kinds)) if all(kind == 1 for kind in kinds[i:]))
    return low, len(tokens)


def prompt_tokens(file, text):
    """The ids of a prompt made of plain lower-case ASCII words and punctuation that the vocabulary holds."""
    ids = {token: i for i, token in enumerate(file.metadata["tokenizer.ggml.tokens"])}
    if file.metadata["tokenizer.ggml.model"] == "bert":
        split = "".join(c if c.isalnum() or c == " " else f" {c} " for c in text).split()
        return [ids[_SPACE + word] for word in split]
    # SentencePiece: join the neighbours whose piece has the best score until no pair is a piece.
    scores = file.metadata["tokenizer.ggml.scores"]
    pieces = list((" " + text).replace(" ", _SPACE))
    while True:
        pairs = [(scores[ids[a + b]], -i) for i, (a, b) in enumerate(pairwise(pieces)) if a + b in ids]
        if not pairs:
            return [ids[piece] for piece in pieces]
        at = -max(pairs)[1]
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
