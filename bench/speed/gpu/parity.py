"""Vectors of one backend against those of another: every strategy, each type of weights, short and long sequences.

    python3 bench/speed/gpu/parity.py --build build-cuda --backend cuda --shape tiny
    python3 bench/speed/gpu/parity.py --build build-cuda --backend cuda --shape e5-mistral --lengths 512,4352

Prints a table of the largest 1 - cosine, and ends with 1 where one is above what its type of weights allows. Without a GPU:
--backend cpu compares ggml's operations, which are what a GPU runs, with the kernels of this library; --fake-gpus as in bench.py.
"""

import argparse
import os
import sys
import tempfile
from array import array
from math import fsum, sqrt
from pathlib import Path

from programs import SHAPES, TYPES, build_folder, make_models, measure

METHODS = ("none", "ntk", "pi", "gp", "rp", "se")
# F16 weights are equal on both sides, and keys and values are halves on a GPU; with quantized ones, each side rounds activations
# differently
ALLOWED = {"f16": 5e-5, "q8_0": 1e-3, "q4_k_m": 1e-3}
LENGTHS = {"e5-mistral": "512,4352", "tiny": "40,65,300,512", "tiny-heads": "40,65,300,512"}


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=build_folder, required=True)
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--lengths", help="tokens of sequences; each is embedded once, and three at a time")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--gpu-layers", default="-1")
    parser.add_argument("--fake-gpus")
    return parser.parse_args()


def vectors(arguments, model, runs, folder, backend, kernels, extra=()):
    """[(description of the run, dictionary of vectors)] in the order of the runs."""
    path = folder / f"{backend}.f32"
    environment = {**os.environ, **({"LONGEMBED_KERNELS": kernels} if kernels else {})}
    about, done = measure(arguments.build, model, arguments.shape, runs, backend=backend, repeat=0, vectors=path, extra=extra, environment=environment)
    numbers = array("f", path.read_bytes())
    dimensions = about["dimensions"]
    found, at = {}, 0
    for run in done:
        found[run["run"]] = [numbers[at + i * dimensions : at + (i + 1) * dimensions] for i in range(run["count"])]
        at += run["count"] * dimensions
    if at != len(numbers):
        raise RuntimeError(f"{path} has {len(numbers)} numbers, not {at}")
    return found, about


def distance(a, b):
    dot, left, right = (fsum(x * y for x, y in zip(p, q)) for p, q in ((a, b), (a, a), (b, b)))
    return 1 - dot / sqrt(left * right)


def worst_of(distances):
    """The largest value; NaN if any is NaN."""
    numbers = list(distances)
    return max(numbers) if all(number == number for number in numbers) else float("nan")


def main():
    arguments = parse()
    lengths = [int(text) for text in (arguments.lengths or LENGTHS[arguments.shape]).split(",")]
    runs = [f"{method}x{length}x{count}" for method in METHODS for length in lengths for count in (1, 3)]
    bad = False
    print("| weights | " + " | ".join(METHODS) + " | allowed |\n| --- |" + " --- |" * (len(METHODS) + 1))
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        models = make_models(arguments.build, arguments.models or folder, arguments.shape, arguments.types.split(","))
        for kind, model in models.items():
            ours, _ = vectors(arguments, model, runs, folder, "cpu", None)
            extra = ["--gpu-layers", arguments.gpu_layers]
            if arguments.fake_gpus:
                theirs, about = vectors(arguments, model, runs, folder, "auto", None, [*extra, "--fake-gpus", arguments.fake_gpus])
            else:
                kernels = "ggml" if arguments.backend == "cpu" else None
                theirs, about = vectors(arguments, model, runs, folder, arguments.backend, kernels, extra)
            worst = {
                method: worst_of(distance(a, b) for run in runs if run.startswith(method + "x") for a, b in zip(ours[run], theirs[run]))
                for method in METHODS
            }
            bad = bad or not all(number <= ALLOWED[kind] for number in worst.values())
            print(f"| {kind} ({about['placement']}) | " + " | ".join(f"{worst[method]:.1e}" for method in METHODS) + f" | {ALLOWED[kind]:.0e} |", flush=True)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
