"""test/fixtures/tune.json: losses and gradients of position rows by PyTorch in float64, for test/native/tune.test.ts.

Not part of make_fixtures.py, because it needs PyTorch, whose automatic differentiation is what makes it independent:

    python test/oracle/make_tune_fixtures.py
"""

import base64
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from gguf import GgufFile

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "test" / "fixtures" / "tune.json"
torch.set_default_dtype(torch.float64)

# Shapes that have remainders everywhere: heads of 6 and 10 numbers, layers whose widths are no multiple of a vector.
MODELS = {
    "small": {"arch": "bert", "layers": 2, "dimensions": 24, "heads": 4, "feedForward": 52, "vocabulary": 300},
    "cls": {
        "arch": "bert", "layers": 3, "dimensions": 40, "heads": 4, "feedForward": 96, "vocabulary": 300, "pooling": "cls",
        "fusedQkv": True, "seed": 3,
    },
    "half": {
        "arch": "bert", "layers": 4, "dimensions": 64, "heads": 2, "feedForward": 256, "vocabulary": 500, "type": "F16",
        "seed": 5,
    },
    "bare": {
        "arch": "bert", "layers": 2, "dimensions": 32, "heads": 2, "feedForward": 64, "vocabulary": 300, "biases": False,
        "tokenTypes": False, "seed": 9,
    },
}

CASES = [
    {"model": "small", "rows": 128, "temperature": 0.05, "queries": 5, "negatives": 3, "longest": 20},
    {"model": "small", "rows": 128, "temperature": 0.01, "queries": 6, "negatives": 0, "longest": 64},
    {"model": "cls", "rows": 256, "temperature": 0.05, "queries": 4, "negatives": 2, "longest": 40},
    {"model": "half", "rows": 256, "temperature": 0.02, "queries": 8, "negatives": 0, "longest": 64},
    {"model": "bare", "rows": 130, "temperature": 0.05, "queries": 4, "negatives": 5, "longest": 64},
    # longer than a block of queries and than a group of texts
    {"model": "small", "rows": 400, "temperature": 0.05, "queries": 3, "negatives": 1, "longest": 300},
]


def make_model(spec, folder):
    path = Path(folder) / f"{hashlib.sha256(json.dumps(spec).encode()).hexdigest()[:12]}.gguf"
    command = ["npx", "tsx", "models/random/main.ts", "--output", str(path)]
    for key, value in spec.items():
        dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in key)
        command += [f"--{dashed}", {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return path


def tensor(file, name):
    array = file.tensor(name)
    return None if array is None else torch.from_numpy(np.ascontiguousarray(array))


class Bert:
    def __init__(self, path):
        self.file = GgufFile(path)
        self.epsilon = self.file.value("attention.layer_norm_epsilon")
        self.heads = self.file.value("attention.head_count")

    def linear(self, name, x):
        return torch.nn.functional.linear(x, tensor(self.file, f"{name}.weight"), tensor(self.file, f"{name}.bias"))

    def norm(self, name, x):
        weight, bias = tensor(self.file, f"{name}.weight"), tensor(self.file, f"{name}.bias")
        return torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias, self.epsilon)

    def projections(self, block, x):
        if f"{block}.attn_qkv.weight" in self.file:
            return self.linear(f"{block}.attn_qkv", x).chunk(3, dim=-1)
        return [self.linear(f"{block}.attn_{part}", x) for part in "qkv"]

    def hidden(self, tokens, positions):
        """[n, dimensions] of tokens whose positions have these rows."""
        x = tensor(self.file, "token_embd.weight")[tokens] + positions
        types = tensor(self.file, "token_types.weight")
        x = self.norm("token_embd_norm", x if types is None else x + types[0])
        for layer in range(self.file.value("block_count")):
            block = f"blk.{layer}"
            q, k, v = (part.reshape(len(x), self.heads, -1).transpose(0, 1) for part in self.projections(block, x))
            weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
            mixed = (weights @ v).transpose(0, 1).reshape(len(x), -1)
            y = self.norm(f"{block}.attn_output_norm", x + self.linear(f"{block}.attn_output", mixed))
            inner = torch.nn.functional.gelu(self.linear(f"{block}.ffn_up", y))
            x = self.norm(f"{block}.layer_output_norm", y + self.linear(f"{block}.ffn_down", inner))
        return x


def draw(case, number, vocabulary):
    """Texts at random positions; some are equal, so that some candidates are false negatives."""
    random = np.random.default_rng(100 + number)
    count = 2 * case["queries"] + case["negatives"]
    lengths = random.integers(1, case["longest"] + 1, count)
    lengths[0] = case["longest"]
    texts = [random.integers(5, vocabulary, length).tolist() for length in lengths]
    queries = case["queries"]
    texts[queries - 1] = texts[0]  # a query twice
    texts[queries + 2] = texts[queries + 1]  # a positive twice
    if case["negatives"] > 0:
        texts[2 * queries] = texts[queries]  # a negative that is another query's positive
    first = [int(random.integers(0, case["rows"] - len(text) + 1)) for text in texts]
    return texts, first


def loss_of(case, texts, vectors):
    units = torch.nn.functional.normalize(vectors, dim=-1)
    queries = case["queries"]
    scores = units[:queries] @ units[queries:].T / case["temperature"]
    for i in range(queries):
        for j in range(len(texts) - queries):
            same = texts[queries + j] == texts[queries + i] or (j < queries and texts[j] == texts[i])
            if j != i and same:
                scores[i, j] = -torch.inf
    return torch.nn.functional.cross_entropy(scores, torch.arange(queries))


def coded(array):
    """In float32, whose rounding is far below the errors that the test allows."""
    return base64.b64encode(np.asarray(array, dtype="<f4").tobytes()).decode()


def main():
    out = []
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            spec = MODELS[case["model"]]
            path = make_model(spec, folder)
            bert = Bert(path)
            matrix = tensor(bert.file, "position_embd.weight")
            # any matrix will do; this one has every row different, in float32 as the tuner takes it
            places = torch.linspace(0, len(matrix) - 1, case["rows"])
            low = places.floor().long()
            high = (low + 1).clamp(max=len(matrix) - 1)
            part = (places - low)[:, None]
            start = (matrix[low] * (1 - part) + matrix[high] * part).float()
            rows = start.double().requires_grad_()
            texts, first = draw(case, number, spec["vocabulary"])
            hidden = [
                bert.hidden(torch.tensor(text), rows[at : at + len(text)])
                for text, at in zip(texts, first)
            ]
            pooling = spec.get("pooling", "mean")
            vectors = torch.stack([h[0] if pooling == "cls" else h.mean(dim=0) for h in hidden])
            loss = loss_of(case, texts, vectors)
            loss.backward()
            out.append({
                "spec": spec,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "pooling": pooling,
                "temperature": case["temperature"],
                "queries": case["queries"],
                "texts": texts,
                "first": first,
                "start": coded(start.numpy()),
                "vectors": coded(vectors.detach().numpy()),
                "loss": loss.item(),
                "gradient": coded(rows.grad.numpy()),
            })
            print(case["model"], case["rows"], loss.item(), rows.grad.norm().item())
    OUTPUT.write_text(json.dumps(out) + "\n")
    print(OUTPUT, OUTPUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
