"""The context-extension strategies, as design.md §5 defines them: from a spec string and a token count to what the
model is run on. Nothing here knows a model's weights."""

import math
from dataclasses import dataclass, field

import numpy as np

# The keys of each method beside its target.
_KEYS = {
    "none": set(),
    "pcw": {"overlap", "weights", "pool"},
    "gp": {"s"},
    "rp": set(),
    "pi": {"s"},
    "ntk": {"lambda"},
    "se": {"g", "w"},
    "dntk": set(),
    "yarn": set(),
}
_FOR_POSITIONS = {
    "absolute": {"none", "pcw", "gp", "rp", "pi"},
    "rope": {"none", "pcw", "gp", "rp", "pi", "ntk", "se", "dntk", "yarn"},
    "alibi": {"none", "pcw"},
    "relative": {"none", "pcw"},
}


@dataclass
class Spec:
    """A parsed spec string. target: None where it names none; options: numbers and words by key."""

    method: str
    target: int | None = None
    options: dict = field(default_factory=dict)
    attention_scale: str | None = None


@dataclass
class Sequence:
    """One run of the model."""

    tokens: np.ndarray
    positions: np.ndarray
    logit_scale: np.ndarray
    rope_base: float
    self_extend: tuple | None = None
    rope_divisors: tuple | None = None

    def key(self):
        """Equal for sequences that give equal hidden states."""
        arrays = (self.tokens, self.positions, self.logit_scale)
        return (*(array.tobytes() for array in arrays), self.rope_base, self.self_extend, self.rope_divisors)


def without_extension(sequence):
    """The same tokens as a layer sees them that no strategy changes: one with a sliding window."""
    n = len(sequence.tokens)
    return Sequence(sequence.tokens, np.arange(n, dtype=np.float64), np.ones(n), sequence.rope_base)


def _size(text):
    return int(text[:-1]) * 1024 if text.endswith("k") else int(text)


def parse(text):
    head, *pairs = text.split(",")
    method, _, target = head.partition(":")
    spec = Spec(method, _size(target) if target else None)
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key == "attention-scale":
            if value not in ("length", "position", "off", "yarn"):
                raise ValueError(f"attention-scale={value}")
            spec.attention_scale = value
        elif key in _KEYS[method]:
            spec.options[key] = value if key in ("weights", "pool") else float(value)
        else:
            raise ValueError(f"{method} has no key {key}")
    return spec


def plan(spec, content, before, after, native, model):
    """The sequences that a text is run as; `combine` makes its vector of their pooled vectors.

    content: the text's token ids; before and after: the ids put around every window (special tokens, prompt);
    native: Lo; model: gives `position_encoding`, `causal` and `rope_base`.
    """
    if spec.method not in _FOR_POSITIONS[model.position_encoding]:
        raise ValueError(f"{spec.method} on {model.position_encoding} positions")
    if spec.method == "pcw":
        return [
            _sequence(spec, np.array([*before, *window, *after]), native, model)
            for window in pcw_windows(content, native - len(before) - len(after), spec)
        ]
    return [_sequence(spec, np.array([*before, *content, *after]), native, model)]


def chunk_windows(spec, count, overhead, native):
    """[from, to) of the windows that chunk vectors of `count` content tokens are computed in (design.md §5, "chunk vectors"): one
    where all fits, else full ones that share up to 512 tokens, at most a quarter. The target's length; pcw: the native one, and as
    its keys say."""
    target = spec.target if spec.target is not None else native if spec.method == "none" else 8 * native
    size = (min(native, target) if spec.method == "pcw" else target) - overhead
    overlap = min(512, size // 4)
    if spec.method == "pcw":
        pieces = pcw_windows(range(count), size, Spec("pcw", options={"overlap": overlap, **spec.options}))
        return [(piece[0], piece[-1] + 1) for piece in pieces]
    if count <= size:
        return [(0, count)]
    ends = []
    while not ends or ends[-1] < count:
        ends.append(min(count, size + (size - overlap) * len(ends)))
    return [(end - size, end) for end in ends]


def pcw_windows(content, size, spec=None):
    """Pieces of `size` tokens, each of which begins with the last `overlap` of the one before; the last one starts earlier
    where it would be short, unless windows count by their tokens. One piece when all fits."""
    options = spec.options if spec is not None else {}
    starts = [0]
    while starts[-1] + size < len(content):
        starts.append(starts[-1] + size - int(options.get("overlap", 0)))
    if len(starts) > 1 and options.get("weights") != "tokens":
        starts[-1] = len(content) - size
    return [content[start : start + size] for start in starts]


def combine(spec, pooled, contents):
    """The document's vector before normalisation.

    pooled: the vectors of its sequences; contents: how many content tokens each has.
    """
    if spec.options.get("pool") == "max":
        return np.max(pooled, axis=0)
    return np.average(pooled, axis=0, weights=contents if spec.options.get("weights") == "tokens" else None)


def _sequence(spec, tokens, native, model):
    n = len(tokens)
    index = np.arange(n, dtype=np.float64)
    target = spec.target if spec.target is not None else 8 * native
    scale = math.ceil(target / native)
    out = Sequence(tokens, index, attention_scale(spec, n, native, model), model.rope_base)
    if spec.method == "ntk":
        # For every input, long or short.
        out.rope_base = model.rope_base * spec.options.get("lambda", scale + max(1.0, scale / 4))
    if n <= native:
        return out
    if spec.method == "gp":
        out.positions = index // spec.options.get("s", math.ceil(n / native))
    elif spec.method == "rp":
        out.positions = index % native
    elif spec.method == "pi":
        out.positions = index / spec.options.get("s", target / native)
    elif spec.method == "se":
        group = int(spec.options.get("g", scale + 1))
        window = int(spec.options.get("w", native // scale))
        out.self_extend = (group, window)
    elif spec.method == "dntk":
        d = model.rope_dimensions
        a = target / native
        out.rope_base = model.rope_base * (a * n / native - (a - 1)) ** (d / (d - 2))
    elif spec.method == "yarn":
        out.rope_divisors = yarn_divisors(model.rope_base, model.rope_dimensions, native, target / native)
    return out


def yarn_divisors(base, d, native, s):
    """θ / θ' of each pair (arXiv 2309.00071 §3.2, design.md §5): pairs that turn less than once within the native context are
    interpolated, those that turn more than 32 times are kept."""
    wavelengths = 2 * np.pi * base ** (2 * np.arange(d // 2) / d)
    gamma = np.clip((native / wavelengths - 1) / (32 - 1), 0, 1)
    return tuple(1 / ((1 - gamma) / s + gamma))


def attention_scale(spec, n, native, model):
    """The factor on each query's logits, (n,)."""
    kind = spec.attention_scale
    if kind is None:
        kind = "yarn" if spec.method == "yarn" else "position" if spec.method == "se" and model.causal else "length"
    if kind == "off":
        return np.ones(n)
    if kind == "yarn":
        target = spec.target if spec.target is not None else 8 * native
        return np.full(n, (0.1 * math.log(target / native) + 1) ** 2 if n > native else 1.0)
    if kind == "length":
        return np.full(n, max(1.0, math.log(n) / math.log(native)))
    return np.maximum(1.0, np.log(np.arange(n) + 1.0) / math.log(native))
