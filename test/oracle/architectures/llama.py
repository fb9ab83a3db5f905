"""llama (Llama, Mistral): interleaved rotary positions, causal."""

import decoder
from cases import every_case, long, optional_tensors

POSITION_ENCODING = "rope"
FIXTURES = {
    **every_case("llama", POSITION_ENCODING),
    **optional_tensors("llama-biases", POSITION_ENCODING),
    **long("llama-32k"),
}


def hidden(file, sequence):
    return decoder.run(file, sequence, interleaved=True)
