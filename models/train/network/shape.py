"""The three models' shapes."""

from dataclasses import dataclass

NATIVE = 256  # tokens, special ones included
HIDDEN = 512
FEED_FORWARD = 64
HEADS = 16
ROPE_BASE = 10000.0
# The last dimensions of a token's vector have no part in a text's: what a token's meaning lacks to length 1 stands there, so
# that the norms at the beginning and after each half layer keep how much a token counts. A whole block of the quantization.
REST = 32
MEANT = HIDDEN - REST


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
        Shape("mini-causal", "llama", "bytepair", "last", layers=2, heads_kv=8),
    )
}
