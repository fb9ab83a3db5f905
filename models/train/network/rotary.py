"""Rotary position embedding in both orders of the pairs (test/oracle/rotary.py does the same in numpy)."""

import torch


def angles(length, size, base):
    """cos and sin, (length, size / 2)."""
    frequencies = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    turned = torch.arange(length, dtype=torch.float64)[:, None] * frequencies
    return turned.cos().float(), turned.sin().float()


def rotate_halves(x, cos, sin):
    """NeoX order: dimension i turns with dimension i + size / 2."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


def rotate_neighbours(x, cos, sin):
    """Interleaved order: dimension 2i turns with dimension 2i + 1."""
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack((first * cos - second * sin, first * sin + second * cos), dim=-1).flatten(-2)
