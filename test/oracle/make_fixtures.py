"""Makes test/fixtures/*.json (their format: README.md). By hand, after a change to the models or the cases:

    python test/oracle/make_fixtures.py [all | short | long | NAME …]

`short` (the default) leaves out the texts of 32,768 tokens, which take minutes. The models are made with
models/random/main.ts, so Node and the development dependencies must be installed.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

from architectures import all_modules
from cases import Chunks
from model import Model
from pooling import normalize
from prng import token_ids
from vocabulary import content_range, prompt_tokens, special_tokens

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(os.path.dirname(_HERE))
_OUT = os.path.join(os.path.dirname(_HERE), "fixtures")
FORMAT = 1


def made_model(name, folder):
    path = os.path.join(folder, f"{name}.gguf")
    if not os.path.exists(path):
        script = os.path.join("models", "random", "main.ts")
        subprocess.run(["npx", "tsx", script, "--named", name, "--output", path], cwd=_ROOT, check=True)
    return path


def record(model, case, hidden_cache):
    file = model.file
    special = None if case.special else ([], [])
    before, after = special_tokens(file) if case.special else special
    prompt = prompt_tokens(file, case.prompt) if case.prompt else []
    count = case.n - len(before) - len(prompt) - len(after)
    content = token_ids(case.n, count, *content_range(file))
    vectors, tokens, windows = model.embed_poolings(
        content, case.extend, native=case.native, prompt=case.prompt, special=special, cache=hidden_cache
    )
    vector = vectors[case.pooling]
    assert tokens == case.n and np.all(np.isfinite(vector))
    out = {"extend": case.extend, "tokens": case.n, "windows": windows, "pooling": case.pooling}
    if case.native:
        out["nativeContext"] = case.native
    if case.prompt:
        out["prompt"] = {"text": case.prompt, "tokens": prompt}
    if not case.special:
        out["specialTokens"] = {"bos": False, "eos": False}
    out["content"] = {"seed": case.n, "count": count}
    out["norm"] = float(np.linalg.norm(vector))
    out["embedding"] = encoded(vector)
    return out


def encoded(vector):
    return base64.b64encode(normalize(vector).astype("<f8").tobytes()).decode()


def record_chunks(model, case):
    before, after = special_tokens(model.file)
    prompt = prompt_tokens(model.file, case.prompt) if case.prompt else []
    count = case.n - len(before) - len(prompt) - len(after)
    content = token_ids(case.n, count, *content_range(model.file))
    spans = [tuple(slice(*span).indices(count)[:2]) for span in case.spans]
    vectors, document, windows = model.embed_chunks(content, spans, case.extend, case.pooling, prompt=case.prompt)
    out = {"extend": case.extend, "tokens": case.n, "windows": windows, "pooling": case.pooling}
    if case.prompt:
        out["prompt"] = {"text": case.prompt, "tokens": prompt}
    out["content"] = {"seed": case.n, "count": count}
    out["embedding"] = encoded(document)
    out["chunks"] = [{"span": span, "embedding": encoded(vector)} for span, vector in zip(spans, vectors)]
    return out


def recorded(model, case, hidden_cache):
    return record_chunks(model, case) if isinstance(case, Chunks) else record(model, case, hidden_cache)


def write(name, cases, folder):
    started = time.time()
    model_name = re.sub("-(strategies|beyond|chunks)$", "", name)
    path = made_model(model_name, folder)
    model = Model(path)
    low, high = content_range(model.file)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    head = {
        "format": FORMAT,
        "model": model_name,
        "sha256": digest,
        "nativeContext": model.context,
        "dimensions": model.dimensions,
        "contentIds": {"low": low, "high": high},
    }
    cache = {}
    rows = [json.dumps(recorded(model, case, cache), ensure_ascii=False, separators=(",", ":")) for case in cases]
    with open(os.path.join(_OUT, f"{name}.json"), "w", encoding="utf-8") as out:
        # A case a line, so that a change shows which cases it touched.
        out.write(json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(rows) + "\n]}\n")
    print(f"{name}: {len(cases)} cases, {time.time() - started:.0f} s", flush=True)


def main(arguments):
    every = {name: cases for module in all_modules() for name, cases in module.FIXTURES.items()}
    long = [name for name in every if name.endswith("-32k")]
    groups = {"all": every, "short": [name for name in every if name not in long], "long": long}
    names = [name for argument in arguments or ["short"] for name in groups.get(argument, [argument])]
    os.makedirs(_OUT, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            write(name, every[name], folder)


if __name__ == "__main__":
    main(sys.argv[1:])
