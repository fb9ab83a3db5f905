"""Compares the oracle with stock llama.cpp on the cases that both can run. By hand:

    python test/oracle/against_llama_cpp.py path/to/llama-embedding model.gguf [model.gguf …]

The texts are of the model's own vocabulary; llama-tokenize, beside llama-embedding, says which ids they are.
llama.cpp takes GELU in its tanh form from a table of halves, so BERT models agree to about 1e-7 at best. Its
flash attention and its cache (halves too) are switched off.
"""

import itertools
import json
import os
import subprocess
import sys

from model import Model, cosine_distance
from pooling import POOLINGS
from prng import words

# On a causal model llama.cpp asserts when the context is smaller than the 256 sequences that llama-embedding asks for.
SMALLEST_CONTEXT = 512


def sample_texts(model, lengths):
    """Texts of the given numbers of words, drawn from the vocabulary."""
    starts = (token for token in model.file.metadata["tokenizer.ggml.tokens"] if token.startswith("\u2581"))
    plain = [token[1:] for token in starts if token[1:].isalpha()]
    stream = words(11, "texts")
    return [" ".join(plain[next(stream) % len(plain)] for _ in range(length)) for length in lengths]


def run(program, *arguments):
    """The JSON that the program prints. llama.cpp's log thread sometimes loses the end of it, so failures are retried."""
    for _ in range(20):
        done = subprocess.run([program, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            continue
    raise RuntimeError(f"{program} {' '.join(arguments)} prints no JSON")


def theirs(program, path, model, text, pooling, rope_base):
    """llama.cpp's vector of a text, not normalised."""
    flags = {
        "--pooling": pooling,
        "--embd-normalize": -1,
        "--embd-output-format": "array",
        "--ctx-size": max(SMALLEST_CONTEXT, model.context),
        "--threads": 1,
        "--flash-attn": "off",
        "--cache-type-k": "f32",
        "--cache-type-v": "f32",
    }
    if rope_base:
        flags["--rope-freq-base"] = rope_base
    arguments = [str(part) for pair in flags.items() for part in pair]
    return run(program, "-m", path, "-p", text, *arguments)[0]


def main(program, paths):
    tokenizer = os.path.join(os.path.dirname(program), "llama-tokenize")
    for path in paths:
        model = Model(path)
        # Spec string and the base that says the same to llama.cpp.
        variants = [("none", None)]
        if model.position_encoding == "rope":
            variants.append((f"ntk:{8 * model.context},lambda=10", model.rope_base * 10))
        worst = {}
        for text in sample_texts(model, [1, 5, 20, 40]):
            ids = run(tokenizer, "-m", path, "-p", text, "--ids", "--log-disable")
            for (extend, rope_base), pooling in itertools.product(variants, POOLINGS):
                ours, _, _ = model.embed(ids, extend, pooling=pooling, special=([], []))
                off = cosine_distance(ours, theirs(program, path, model, text, pooling, rope_base))
                key = f"{extend.partition(':')[0]} {pooling}"
                worst[key] = max(worst.get(key, 0.0), off)
        figures = ", ".join(f"{key} {value:.1e}" for key, value in worst.items())
        print(f"{os.path.basename(path)}: worst 1 - cosine: {figures}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
