"""nomic-bert: rotary positions (halves) and a SwiGLU feed-forward."""

import encoder
from attention import Rotation
from layers import linear, silu


def feed_forward(file, block, x):
    gate, up = linear(file, f"{block}.ffn_gate", x), linear(file, f"{block}.ffn_up", x)
    return linear(file, f"{block}.ffn_down", silu(gate) * up)


def hidden(file, sequence):
    rotation = Rotation(sequence.rope_base, interleaved=False)
    return encoder.run(file, sequence, feed_forward, rotation=rotation)
