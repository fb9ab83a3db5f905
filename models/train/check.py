"""Checks that longembed computes the same vectors from an exported model as the trained network.

    python models/train/check.py --model mini-rope --checkpoint mini-rope.pt --file models/mini-rope.gguf

Writes the network as an F32 file too, and embeds generated texts with both files with the program `longembed`. Prints the
worst 1 - cosine of each; exits with 1 when the F32 file's is above 1e-6 or the shipped file's above 1e-2.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch.nn import functional

from data import text
from data.lists import REPOSITORY
from data.world import World
from export import export
from network.build import build, vectors
from network.shape import MEANT, NATIVE, SHAPES
from vocabulary.vocabulary import Vocabulary

TEXTS = 40
MAX_DIFFERENCES = {"F32": 1e-6, "shipped": 1e-2}  # shipped: 4 and 5 bits a weight


def texts():
    rng = random.Random(3)
    world = World(rng, 50, held_out=True)
    return [" ".join(text.sentence(world) for _ in range(rng.randrange(1, 14))) for _ in range(TEXTS)]


def by_program(path, said):
    rows = "".join(json.dumps({"id": str(i), "text": one}) + "\n" for i, one in enumerate(said))
    program = ["node", str(REPOSITORY / "dist/cli/main.js"), "embed", "-", "--input-format", "jsonl", "--truncate"]
    done = subprocess.run([*program, "--model", str(path)], input=rows, capture_output=True, text=True, check=True)
    return torch.tensor([json.loads(line)["embedding"] for line in done.stdout.splitlines()])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", choices=sorted(SHAPES), required=True)
    options.add_argument("--checkpoint", type=Path, required=True, help="checkpoint written by train.py")
    options.add_argument("--file", type=Path, required=True, help="the GGUF written by train.py")
    chosen = options.parse_args()

    shape = SHAPES[chosen.model]
    vocabulary = Vocabulary(shape.vocabulary)
    model = build(shape, torch.zeros(vocabulary.size, MEANT))
    model.load_state_dict(torch.load(chosen.checkpoint))
    model.eval()
    said = texts()
    with torch.no_grad():
        expected = functional.normalize(vectors(model, vocabulary, vocabulary.encode_many(said), NATIVE), dim=-1)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / f"{chosen.model}.gguf"
        export(model, shape, vocabulary, whole, whole=True)
        found = {"F32": by_program(whole, said), "shipped": by_program(chosen.file, said)}
    differences = {name: (1 - (rows * expected).sum(-1).min()).item() for name, rows in found.items()}
    for name, difference in differences.items():
        print(f"{name}: worst 1 - cosine {difference:.1e} over {TEXTS} texts")
    sys.exit(any(differences[name] > limit for name, limit in MAX_DIFFERENCES.items()))


if __name__ == "__main__":
    main()
