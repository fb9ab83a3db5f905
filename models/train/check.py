"""Checks that longembed computes the same vectors as the network in PyTorch, from an exported model and from its F32 twin.

    python models/train/check.py --model mini-rope --checkpoint mini-rope.pt --file models/mini-rope.gguf

Embeds generated texts with both files with the program `longembed`: the shipped one beside the network with the weights that the file
holds, the twin, which this writes, beside the network of the checkpoint. Prints the worst 1 - cosine of each, and what the file's types
cost, which is the distance of the two networks; exits with 1 when one of the former is above 1e-6.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
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
MAX_DIFFERENCE = 1e-6


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
    trained, stored = torch.load(chosen.checkpoint), weights_of(chosen.file)
    said = texts()
    ids = vocabulary.encode_many(said)
    of_checkpoint, of_file = (by_network(shape, vocabulary, weights, ids) for weights in (trained, stored))
    with tempfile.TemporaryDirectory() as folder:
        twin = Path(folder) / f"{chosen.model}.gguf"
        model = new(shape, vocabulary)
        model.load_state_dict(trained)
        export(model, shape, vocabulary, twin, whole=True)
        differences = {
            "F32": worst(by_program(twin, said), of_checkpoint),
            "shipped": worst(by_program(chosen.file, said), of_file),
        }
    for name, difference in differences.items():
        print(f"{name}: worst 1 - cosine {difference:.1e} over {TEXTS} texts")
    print(f"the file's types cost: worst 1 - cosine {worst(of_file, of_checkpoint):.1e}")
    sys.exit(any(difference > MAX_DIFFERENCE for difference in differences.values()))


def new(shape, vocabulary):
    return build(shape, torch.zeros(vocabulary.size, MEANT), vocabulary.end)


def weights_of(file):
    """A GGUF file's weights by name, as floats."""
    tensors = gguf.GGUFReader(file).tensors
    return {
        tensor.name: torch.tensor(gguf.dequantize(tensor.data, tensor.tensor_type)).reshape(*map(int, tensor.shape[::-1]))
        for tensor in tensors
    }


@torch.no_grad()
def by_network(shape, vocabulary, weights, ids):
    model = new(shape, vocabulary)
    model.load_state_dict(weights)
    model.eval()
    return functional.normalize(vectors(model, vocabulary, ids, NATIVE).double(), dim=-1)


def worst(found, expected):
    """The largest 1 - cosine of two lists of unit vectors."""
    return (1 - (found.double() * expected.double()).sum(-1).min()).item()


if __name__ == "__main__":
    main()
