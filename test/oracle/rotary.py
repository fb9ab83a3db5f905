"""Rotary position embedding (RoPE): pairs of a head's dimensions, turned by position × base^(−2j/d)."""

import numpy as np


def rotate(x, positions, base, interleaved, divisors=None):
    """Turns each head vector by its position.

    x: (heads, n, d); positions: (n,), fractions allowed. Pair j is the dimensions (2j, 2j + 1) when interleaved
    (Llama's order) and (j, j + d/2) when not (NeoX's order: two halves). divisors: of each pair's frequency; None: 1.
    """
    half = x.shape[-1] // 2
    frequencies = base ** (-np.arange(half, dtype=np.float64) / half)
    if divisors is not None:
        frequencies = frequencies / divisors
    angles = np.asarray(positions, dtype=np.float64)[:, None] * frequencies
    cos, sin = np.cos(angles), np.sin(angles)
    if interleaved:
        first, second = x[..., 0::2], x[..., 1::2]
    else:
        first, second = x[..., :half], x[..., half:]
    turned = np.empty_like(x)
    if interleaved:
        turned[..., 0::2] = first * cos - second * sin
        turned[..., 1::2] = first * sin + second * cos
    else:
        turned[..., :half] = first * cos - second * sin
        turned[..., half:] = first * sin + second * cos
    return turned
