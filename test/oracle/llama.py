"""llama (Llama, Mistral): interleaved rotary positions, causal."""

import decoder

POSITION_ENCODING = "rope"


def hidden(file, sequence):
    return decoder.run(file, sequence, interleaved=True)
