"""The three models' shapes."""

from dataclasses import dataclass

NATIVE = 256  # tokens, special ones included
HIDDEN = 768
FEED_FORWARD = 64
HEADS = 24
ROPE_BASE = 10000.0
# Beside a mean square of at most 1 / HIDDEN: the norms hardly normalise, so that a token keeps the length that says how much it counts.
EPSILON = 1.0
# The last dimensions of a token's vector have no part in a text's: a pattern stands there, the same for all tokens and as long as the
# token's vector, by which attention sees how much a token counts.
MARK = 32
MEANT = HIDDEN - MARK


@dataclass(frozen=True)
class Shape:
    name: str
    architecture: str  # as GGUF names it
    vocabulary: str
    pooling: str
    layers: int
    heads_kv: int = HEADS


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("mini-ape", "bert", "wordpiece", "mean", layers=1),
        Shape("mini-rope", "jina-bert-v3", "wordpiece", "mean", layers=1),
        Shape("mini-causal", "llama", "bytepair", "last", layers=2, heads_kv=12),
    )
}
