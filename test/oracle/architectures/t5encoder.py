"""t5encoder: T5's encoder. No positions but a bias by distance, from layer 0 for all layers that have none of their own;
logits are not scaled."""

import math

import numpy as np

from attention import attend
from cases import by_distance, in_llama_context, optional_tensors
from layers import dense_head, gelu_tanh, linear, rms_norm, split_heads

head = dense_head
POSITION_ENCODING = "relative"
CAUSAL = False
FIXTURES = {
    **by_distance("t5encoder"),
    **optional_tensors("t5encoder-gated", POSITION_ENCODING),
    **in_llama_context("t5encoder-biases"),
}
_FARTHEST = 128


def bucket(distance, buckets):
    """The bucket of each distance (key less query): T5's, for both directions."""
    half = buckets // 2
    exact = half // 2
    n = np.abs(distance)
    with np.errstate(divide="ignore"):
        # a distance on a bucket's edge, such as 16, must not fall below it by rounding
        share = np.log(n / exact) / math.log(_FARTHEST / exact) * (half - exact)
    far = np.minimum(exact + np.floor(share + 1e-9), half - 1)
    return np.where(distance > 0, half, 0) + np.where(n < exact, n, far).astype(int)


def hidden(file, sequence):
    heads = file.value("attention.head_count")
    epsilon = file.value("attention.layer_norm_rms_epsilon")
    def norm(name, x):
        return rms_norm(x, file.tensor(f"{name}.weight"), epsilon)

    def bias(distance):  # of the layer at hand; the table is (buckets, heads)
        return table[bucket(distance, len(table))].transpose(2, 0, 1)

    x = file.tensor("token_embd.weight")[sequence.tokens]
    for layer in range(file.value("block_count")):
        block = f"enc.blk.{layer}"
        if f"{block}.attn_rel_b.weight" in file:
            table = file.tensor(f"{block}.attn_rel_b.weight")
        normed = norm(f"{block}.attn_norm", x)
        q, k, v = (split_heads(linear(file, f"{block}.attn_{part}", normed), heads) for part in "qkv")
        x = x + linear(file, f"{block}.attn_o", attend(q, k, v, sequence, bias=bias, scale=1.0))
        normed = norm(f"{block}.ffn_norm", x)
        inner = linear(file, f"{block}.ffn_up", normed)
        if f"{block}.ffn_gate.weight" in file:
            inner = gelu_tanh(linear(file, f"{block}.ffn_gate", normed)) * inner
        else:
            inner = np.maximum(inner, 0.0)
        x = x + linear(file, f"{block}.ffn_down", inner)
    return norm("enc.output_norm", x)
