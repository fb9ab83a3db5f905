"""jina-bert-v2: a penalty on distance in attention (ALiBi) and a gated GELU feed-forward. The models for code and for two
languages have further norms, and the gate in the second half of the matrix that holds up and gate."""

import math

import numpy as np

import encoder
from cases import by_distance, optional_tensors
from layers import gelu, linear

POSITION_ENCODING = "alibi"
FIXTURES = {
    **by_distance("jina-bert-v2"),
    **optional_tensors("jina-bert-v2-gate-first", POSITION_ENCODING),
    **optional_tensors("jina-bert-v2-code", POSITION_ENCODING),
}


def slopes(heads):
    """ALiBi's slope of each head: 2^(−8k/h) for k = 1 … h with h the largest power of two within `heads`; the heads
    past it take every other slope of twice as many heads."""
    power = 2 ** math.floor(math.log2(heads))
    first = [2.0 ** (-8.0 * k / power) for k in range(1, power + 1)]
    rest = [2.0 ** (-4.0 * k / power) for k in range(1, 2 * (heads - power), 2)]
    return np.array(first + rest)


def feed_forward(file, block, x):
    up = linear(file, f"{block}.ffn_up", x)
    if f"{block}.ffn_gate.weight" in file:
        gate = linear(file, f"{block}.ffn_gate", x)
    elif f"{block}.attn_norm_2.weight" in file:
        up, gate = np.split(up, 2, axis=-1)
    else:
        gate, up = np.split(up, 2, axis=-1)
    return linear(file, f"{block}.ffn_down", gelu(gate) * up)


def hidden(file, sequence):
    penalty = slopes(file.value("attention.head_count"))
    return encoder.run(file, sequence, feed_forward, distance_penalty=penalty)
