"""modern-bert: norms before each half layer, gate and up in one matrix (the gate first). Layers 0, 3, 6 … attend to
everything; the others see ⌊window / 2⌋ tokens on either side, with a base of rotation of their own."""

import numpy as np

from attention import Rotation, attend
from cases import every_case, optional_tensors
from layers import gelu, layer_norm, linear, queries_keys_values, silu
from strategies import without_extension

POSITION_ENCODING = "rope"
FIXTURES = {
    **every_case("modern-bert", POSITION_ENCODING),
    **optional_tensors("modern-bert-silu", POSITION_ENCODING),
}
_SLIDING_BASE = 10000.0
_ACTIVATIONS = {"gelu": gelu, "silu": silu}


def hidden(file, sequence):
    heads = file.value("attention.head_count")
    epsilon = file.value("attention.layer_norm_epsilon")
    reach = file.value("attention.sliding_window") // 2
    every = file.value("attention.sliding_window_pattern")
    activation = _ACTIVATIONS[file.value("hidden_activation")]
    plain = without_extension(sequence)

    def norm(name, x):
        return layer_norm(x, file.tensor(f"{name}.weight"), None, epsilon)

    x = norm("token_embd_norm", file.tensor("token_embd.weight")[sequence.tokens])
    for layer in range(file.value("block_count")):
        block = f"blk.{layer}"
        normed = x if layer == 0 else norm(f"{block}.attn_norm", x)
        q, k, v = queries_keys_values(file, block, normed, heads, heads)
        if layer % every == 0:
            mixed = attend(q, k, v, sequence, rotation=Rotation(sequence.rope_base, interleaved=False, divisors=sequence.rope_divisors))
        else:
            mixed = attend(q, k, v, plain, rotation=Rotation(_SLIDING_BASE, interleaved=False), reach=reach)
        x = x + linear(file, f"{block}.attn_output", mixed)
        gate, up = np.split(linear(file, f"{block}.ffn_up", norm(f"{block}.ffn_norm", x)), 2, axis=-1)
        x = x + linear(file, f"{block}.ffn_down", activation(gate) * up)
    return norm("output_norm", x)
