"""The generator of models/random/random.ts, and the token ids that fixtures draw from it."""

_MASK = 0xFFFFFFFF
_WARM_UP = 16


def _fnv1a(text, start):
    value = start
    for byte in text.encode("utf-8"):
        value = ((value ^ byte) * 0x01000193) & _MASK
    return value


def words(seed, label):
    """An endless iterator of 32-bit words (sfc32)."""
    a, b, c, counter = _fnv1a(label, 0x811C9DC5), _fnv1a(label, 0x9E3779B9), seed & _MASK, 1
    count = 0
    while True:
        word = (a + b + counter) & _MASK
        counter = (counter + 1) & _MASK
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & _MASK
        c = ((((c << 21) | (c >> 11)) & _MASK) + word) & _MASK
        count += 1
        if count > _WARM_UP:
            yield word


def token_ids(seed, count, low, high):
    """`count` ids, low … high − 1: each is low + ⌊word × (high − low) / 2³²⌋ of the stream labelled "tokens"."""
    stream = words(seed, "tokens")
    return [low + ((next(stream) * (high - low)) >> 32) for _ in range(count)]
