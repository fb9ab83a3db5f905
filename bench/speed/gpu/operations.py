"""The number of operations for a document, and the minimum time at a given rate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    layers: int
    dimensions: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int

    @property
    def head_size(self):
        return self.dimensions // self.heads

    @property
    def layer_weights(self):
        keys = self.head_size * self.kv_heads
        return 2 * self.dimensions**2 + 2 * self.dimensions * keys + 3 * self.dimensions * self.feed_forward


SHAPES = {
    "e5-mistral": Shape(32, 4096, 32, 8, 14336, 32000),
    "tiny": Shape(2, 256, 4, 2, 512, 400),
    "tiny-heads": Shape(2, 256, 8, 4, 512, 400),
}


def products(shape, tokens):
    """Multiplications and additions with weights, for `tokens` tokens through all layers."""
    return 2 * shape.layer_weights * shape.layers * tokens


def attention(shape, length, count):
    """The same for causal attention: each token attends to earlier ones, half of all pairs."""
    pairs = length * (length + 1) / 2
    return 4 * shape.head_size * shape.heads * pairs * count * shape.layers


def total(shape, length, count):
    return products(shape, length * count) + attention(shape, length, count)
