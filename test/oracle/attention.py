"""Attention of one sequence, in blocks of queries: n × n scores never exist at once."""

import numpy as np

from rotary import rotate

BLOCK = 256


class Rotation:
    """How a model rotates queries and keys: base, order of the pairs and divisors of their frequencies."""

    def __init__(self, base, interleaved, divisors=None):
        self.base = base
        self.interleaved = interleaved
        self.divisors = None if divisors is None else np.array(divisors)

    def __call__(self, x, positions):
        return rotate(x, positions, self.base, self.interleaved, self.divisors)


def attend(q, k, v, sequence, rotation=None, causal=False, distance_penalty=None, bias=None, scale=None, reach=None):
    """Softmax attention.

    q: (heads, n, d); k and v: (heads of keys, n, d), each serving heads / heads-of-keys queries' heads in a row.
    sequence: gives `positions`, `logit_scale` (a factor a query) and `self_extend` ((group, window) or None).
    rotation: None for models without RoPE. Causality goes by the token's index, never by its position.
    distance_penalty: (heads,) ALiBi slopes, or None; bias: a function from distances (key less query) to (heads, …), or
    None; scale: on the logits, 1/√d where left out; reach: a key farther from the query than this is not seen. What is
    added for distance is not scaled by `logit_scale`. Returns (n, heads × d).
    """
    heads, n, size = q.shape
    repeat = heads // k.shape[0]
    q = q * (size**-0.5 if scale is None else scale)
    k, v = np.repeat(k, repeat, axis=0), np.repeat(v, repeat, axis=0)
    scores_of = _scores(q, k, sequence, rotation)
    index = np.arange(n)
    out = np.empty((n, heads, size))
    for start in range(0, n, BLOCK):
        rows = index[start : start + BLOCK]
        # No key after the block's last query counts when attention is causal.
        keys = index[: rows[-1] + 1] if causal else index
        scores = scores_of(rows, keys)
        scores *= sequence.logit_scale[rows][None, :, None]
        distance = keys[None, :] - rows[:, None]
        if distance_penalty is not None:
            scores -= distance_penalty[:, None, None] * np.abs(distance)
        if bias is not None:
            scores += bias(distance)
        if reach is not None:
            scores[:, np.abs(distance) > reach] = -np.inf
        if causal:
            scores[:, keys[None, :] > rows[:, None]] = -np.inf
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        total = scores.sum(axis=-1, keepdims=True)
        out[rows] = ((scores @ v[:, keys]) / total).transpose(1, 0, 2)
    return out.reshape(n, heads * size)


def _scores(q, k, sequence, rotation):
    """A function of (rows, keys) that gives their scores, (heads, rows, keys)."""
    if rotation is None:
        return lambda rows, keys: q[:, rows] @ k[:, keys].transpose(0, 2, 1)
    near_q, near_k = rotation(q, sequence.positions), rotation(k, sequence.positions)
    if sequence.self_extend is None:
        return lambda rows, keys: near_q[:, rows] @ near_k[:, keys].transpose(0, 2, 1)

    group, window = sequence.self_extend
    index = np.arange(q.shape[1])
    earlier, later = index // group, index // group + window - window // group
    early_q, late_q = rotation(q, earlier), rotation(q, later)
    early_k, late_k = rotation(k, earlier), rotation(k, later)

    def scores(rows, keys):
        distance = rows[:, None] - keys[None, :]
        near = near_q[:, rows] @ near_k[:, keys].transpose(0, 2, 1)
        key_first = late_q[:, rows] @ early_k[:, keys].transpose(0, 2, 1)
        query_first = early_q[:, rows] @ late_k[:, keys].transpose(0, 2, 1)
        far = np.where(distance > 0, key_first, query_first)
        return np.where(np.abs(distance) < window, near, far)

    return scores


def self_extend_distance(query, key, group, window):
    """How far self-extend shows a key from a query: negative for keys before it (design.md §5 has a worked example).

    attend does not use this: the self-checks hold it against what attend computes.
    """
    if abs(query - key) < window:
        return key - query
    shift = window - window // group
    if key < query:
        return key // group - (query // group + shift)
    return (key // group + shift) - query // group
