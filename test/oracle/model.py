"""A GGUF model as the oracle runs it: tokens in, float64 vector out."""

import numpy as np

from architectures import module_of
from decoder import is_causal
from gguf import GgufFile
from pooling import POOLINGS, normalize, pool
from strategies import chunk_windows, combine, parse, plan
from vocabulary import prompt_tokens, special_tokens


class Model:
    """path: a GGUF file with F32, F16 or BF16 tensors."""

    def __init__(self, path):
        self.file = GgufFile(path)
        self._module = module_of(self.file.architecture)
        self.position_encoding = self._module.POSITION_ENCODING
        self.causal = getattr(self._module, "CAUSAL", is_causal(self.file))
        outputs = [self.file.tensor(f"{name}.weight") for name in ("dense_3", "dense_2") if f"{name}.weight" in self.file]
        self.dimensions = len(outputs[0]) if outputs else self.file.value("embedding_length")
        self.context = self.file.value("context_length")
        self.rope_base = float(self.file.value("rope.freq_base", 10000.0))
        head_size = self.file.value("attention.key_length", self.file.value("embedding_length") // self.file.value("attention.head_count"))
        self.rope_dimensions = self.file.value("rope.dimension_count", head_size)

    def embed(self, content, extend="none", pooling="mean", **more):
        """The text's vector before normalisation, its tokens (design.md's n) and its windows; see embed_poolings."""
        vectors, tokens, windows = self.embed_poolings(content, extend, **more)
        return vectors[pooling], tokens, windows

    def embed_poolings(self, content, extend="none", native=None, prompt=None, special=None, cache=None):
        """As embed, with a vector for every pooling.

        content: token ids without special tokens; native: Lo, the file's where left out; prompt: text put before the
        content; special: (ids before, ids after) in place of what the file says; cache: a dict that keeps what was
        computed.
        """
        before, after = special if special is not None else special_tokens(self.file)
        if prompt:
            before = before + prompt_tokens(self.file, prompt)
        spec = parse(extend)
        sequences = plan(spec, list(content), before, after, native or self.context, self)
        pooled = [self._pooled(sequence, {} if cache is None else cache) for sequence in sequences]
        contents = [len(sequence.tokens) - len(before) - len(after) for sequence in sequences]
        vectors = {how: combine(spec, [one[how] for one in pooled], contents) for how in POOLINGS}
        return vectors, len(before) + len(content) + len(after), len(sequences)

    def embed_chunks(self, content, spans, extend="none", pooling="mean", native=None, prompt=None, special=None):
        """The vectors of chunks before normalisation, and the document's: (chunks, document, windows).

        spans: [from, to) of each chunk among the content's tokens; pooling: mean or last. A token's vector is that of the window in
        which it has the most context before it.
        """
        native = native or self.context
        before, after = special if special is not None else special_tokens(self.file)
        if prompt:
            before = before + prompt_tokens(self.file, prompt)
        spec = parse(extend)
        tokens = {}
        documents = []
        windows = chunk_windows(spec, len(content), len(before) + len(after), native)
        for start, end in windows:
            (sequence,) = plan(spec, list(content[start:end]), before, after, native, self)
            hidden = self._module.hidden(self.file, sequence)
            documents.append(self._head(pool(hidden, pooling)))
            for i in range(start, end):
                tokens.setdefault(i, hidden[len(before) + i - start])
        if pooling == "last":
            spans = [(end - 1, end) for _, end in spans]
        chunks = [self._head(np.mean([tokens[i] for i in range(start, end)], axis=0)) for start, end in spans]
        document = combine(spec, documents, [end - start for start, end in windows])
        return chunks, document, len(windows)

    def _head(self, pooled):
        return getattr(self._module, "head", lambda _, vector: vector)(self.file, pooled)

    def _pooled(self, sequence, cache):
        key = sequence.key()
        if key not in cache:
            hidden = self._module.hidden(self.file, sequence)
            cache[key] = {how: self._head(pool(hidden, how)) for how in POOLINGS}
        return cache[key]


def cosine_distance(a, b):
    """1 − cosine, computed from the difference of the normalised vectors so that small values keep their digits."""
    return 0.5 * float(np.sum((normalize(np.asarray(a)) - normalize(np.asarray(b))) ** 2))
