"""nomic-bert-moe: rotary positions (halves), GELU, and in every n-th layer a mixture of experts: each token goes to those that
the router finds most probable, whose outputs count by their probabilities among all experts."""

import numpy as np

import encoder
from attention import Rotation
from cases import every_case, optional_tensors
from layers import gelu, linear

POSITION_ENCODING = "rope"
FIXTURES = {
    **every_case("nomic-bert-moe", POSITION_ENCODING),
    **optional_tensors("nomic-bert-moe-few", POSITION_ENCODING),
}

# The least difference of a chosen expert's logit from the next one's. Below it another precision could choose otherwise, and
# a comparison of vectors would say nothing.
CLEAR_GAP = 1e-3


def mixture(file, block, x):
    logits = x @ file.tensor(f"{block}.ffn_gate_inp.weight").T
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    used = file.value("expert_used_count")
    ordered = np.argsort(-logits, axis=1, kind="stable")
    by_rank = np.take_along_axis(logits, ordered, axis=1)
    gap = float((by_rank[:, used - 1] - by_rank[:, used]).min())
    if gap < CLEAR_GAP:
        raise ValueError(f"{block}: an expert is chosen by {gap}; draw other weights")
    up, down = file.tensor(f"{block}.ffn_up_exps.weight"), file.tensor(f"{block}.ffn_down_exps.weight")
    out = np.zeros_like(x)
    for expert in range(len(up)):
        (rows,) = np.nonzero((ordered[:, :used] == expert).any(axis=1))
        out[rows] += probabilities[rows, expert, None] * (gelu(x[rows] @ up[expert].T) @ down[expert].T)
    return out


def feed_forward(file, block, x):
    if f"{block}.ffn_gate_inp.weight" in file:
        return mixture(file, block, x)
    return linear(file, f"{block}.ffn_down", gelu(linear(file, f"{block}.ffn_up", x)))


def hidden(file, sequence):
    rotation = Rotation(sequence.rope_base, interleaved=False, divisors=sequence.rope_divisors)
    return encoder.run(file, sequence, feed_forward, rotation=rotation)
