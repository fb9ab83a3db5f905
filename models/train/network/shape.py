"""The three models' shapes."""

from dataclasses import dataclass

NATIVE = 256  # tokens, special ones included
LAYERS = 2
HIDDEN = 256
FEED_FORWARD = 512
HEADS = 8
ROPE_BASE = 10000.0


@dataclass(frozen=True)
class Shape:
    name: str
    architecture: str  # as GGUF names it
    vocabulary: str
    pooling: str
    heads_kv: int = HEADS


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("mini-ape", "bert", "wordpiece", "mean"),
        Shape("mini-rope", "jina-bert-v3", "wordpiece", "mean"),
        Shape("mini-causal", "llama", "bytepair", "last", heads_kv=2),
    )
}
