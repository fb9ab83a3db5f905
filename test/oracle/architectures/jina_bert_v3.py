"""jina-bert-v3: BERT with rotary positions (halves) in place of the matrix."""

import encoder
from architectures.bert import feed_forward
from attention import Rotation
from cases import every_case, long, optional_tensors

POSITION_ENCODING = "rope"
FIXTURES = {
    **every_case("jina-bert-v3", POSITION_ENCODING),
    **optional_tensors("jina-bert-v3-bare", POSITION_ENCODING),
    **long("jina-bert-v3-32k"),
}


def hidden(file, sequence):
    rotation = Rotation(sequence.rope_base, interleaved=False, divisors=sequence.rope_divisors)
    return encoder.run(file, sequence, feed_forward, rotation=rotation)
