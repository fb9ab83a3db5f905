"""nomic-bert: rotary positions (halves) and a SwiGLU feed-forward."""

import encoder
from attention import Rotation
from cases import every_case
from layers import swiglu

POSITION_ENCODING = "rope"
FIXTURES = every_case("nomic-bert", POSITION_ENCODING)


def hidden(file, sequence):
    rotation = Rotation(sequence.rope_base, interleaved=False, divisors=sequence.rope_divisors)
    return encoder.run(file, sequence, swiglu, rotation=rotation)
