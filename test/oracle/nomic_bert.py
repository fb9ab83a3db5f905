"""nomic-bert: rotary positions (halves) and a SwiGLU feed-forward."""

import encoder
from attention import Rotation
from layers import swiglu

POSITION_ENCODING = "rope"


def hidden(file, sequence):
    rotation = Rotation(sequence.rope_base, interleaved=False)
    return encoder.run(file, sequence, swiglu, rotation=rotation)
