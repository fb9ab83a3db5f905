"""llama (Llama, Mistral): interleaved rotary positions, causal."""

import decoder


def hidden(file, sequence):
    return decoder.run(file, sequence, interleaved=True)
