"""qwen2, as transformers' Qwen2Model defines it: RMS norm before each half layer, grouped keys and values, biases on
queries, keys and values alone, rotary positions in halves, SwiGLU without biases, one more norm at the end. The language
models are causal; embedding models may attend both ways (`attention.causal`)."""

import decoder
from cases import bidirectional, every_case

POSITION_ENCODING = "rope"
FIXTURES = {**every_case("qwen2", POSITION_ENCODING), **bidirectional("qwen2-bidirectional")}


def hidden(file, sequence):
    return decoder.run(file, sequence, interleaved=False)
