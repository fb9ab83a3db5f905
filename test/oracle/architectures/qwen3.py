"""qwen3, as transformers' Qwen3Model defines it: RMS norm before each half layer, grouped keys and values, heads of a size that
the file gives, an RMS norm over each head of queries and keys before they are rotated in halves, SwiGLU, no biases, one more norm
at the end, causal."""

import decoder
from cases import every_case

POSITION_ENCODING = "rope"
FIXTURES = every_case("qwen3", POSITION_ENCODING)


def hidden(file, sequence):
    return decoder.run(file, sequence, interleaved=False, head_norms=True)
