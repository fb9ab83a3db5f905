"""Pieces that several architectures share."""

import math

import numpy as np

_erf = np.frompyfunc(math.erf, 1, 1)


def gelu(x):
    """x × Φ(x), with the error function itself (not its tanh approximation)."""
    return 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0)).astype(np.float64))


def gelu_tanh(x):
    """Its approximation, which Gemma and T5 1.1 were trained with."""
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x / (1.0 + np.exp(-x))


def layer_norm(x, weight, bias, epsilon):
    centered = x - x.mean(axis=-1, keepdims=True)
    scaled = centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + epsilon)
    return scaled * weight + (0.0 if bias is None else bias)


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon) * weight


def linear(file, name, x):
    """x through `<name>.weight` and, where the file has one, `<name>.bias`."""
    out = x @ file.tensor(f"{name}.weight").T
    bias = file.tensor(f"{name}.bias")
    return out if bias is None else out + bias


def dense_head(file, pooled):
    """A pooled vector through the dense layers that the file has for it."""
    for name in ("dense_2", "dense_3"):
        if f"{name}.weight" in file:
            pooled = linear(file, name, pooled)
    return pooled


def swiglu(file, block, x):
    """The gated feed-forward of a layer: down(silu(gate(x)) × up(x))."""
    gate, up = linear(file, f"{block}.ffn_gate", x), linear(file, f"{block}.ffn_up", x)
    return linear(file, f"{block}.ffn_down", silu(gate) * up)


def split_heads(x, heads):
    """(n, heads × d) → (heads, n, d)"""
    n, width = x.shape
    return x.reshape(n, heads, width // heads).transpose(1, 0, 2)


def join_heads(x):
    """(heads, n, d) → (n, heads × d)"""
    heads, n, size = x.shape
    return x.transpose(1, 0, 2).reshape(n, heads * size)


def queries_keys_values(file, block, x, heads, heads_kv):
    """Three arrays (heads, n, d), from one fused tensor or from three."""
    if f"{block}.attn_qkv.weight" in file:
        both = linear(file, f"{block}.attn_qkv", x)
        size = both.shape[-1] // (heads + 2 * heads_kv)
        q, k, v = np.split(both, [heads * size, (heads + heads_kv) * size], axis=-1)
    else:
        q, k, v = (linear(file, f"{block}.attn_{part}", x) for part in "qkv")
    return split_heads(q, heads), split_heads(k, heads_kv), split_heads(v, heads_kv)
