"""jina-bert-v3: BERT with rotary positions (halves) in place of the matrix."""

import encoder
from attention import Rotation
from bert import feed_forward

POSITION_ENCODING = "rope"


def hidden(file, sequence):
    rotation = Rotation(sequence.rope_base, interleaved=False)
    return encoder.run(file, sequence, feed_forward, rotation=rotation)
