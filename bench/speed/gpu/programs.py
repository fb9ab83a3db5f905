"""Runs the two programs that cmake/gpu-bench.cmake builds, and reads what they print. Standard library only."""

import json
import subprocess
import sys
from pathlib import Path

# lengths, and native context: the tiny shape's are small so that strategies have an effect there
SHAPES = {
    "e5-mistral": {"native": 4096, "target": 32768},
    "tiny": {"native": 64, "target": 512},
    "tiny-heads": {"native": 64, "target": 512},
}
TYPES = ("q4_k_m", "q8_0", "f16")


def make_models(build, folder, shape, types):
    """Makes the missing files of the shape. Returns {type: path}."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"{shape}-{kind}.gguf" for kind in types}
    missing = [kind for kind in types if not paths[kind].exists()]
    if not missing:
        return paths
    f16 = folder / f"{shape}-f16.gguf"
    kept = f16.exists() or "f16" in types
    program = build / "longembed-shape-model"
    if not f16.exists():
        say(f"making {f16.name}")
        subprocess.run([program, "--shape", shape, f16], check=True)
    for kind in missing:
        if kind != "f16":
            say(f"making {paths[kind].name}")
            subprocess.run([program, "--shape", shape, "--type", kind, "--from", f16, paths[kind]], check=True)
    if not kept:
        f16.unlink()
    return paths


def measure(build, model, shape, runs, *, backend, repeat, vectors=None, extra=(), environment=None):
    """Runs one model file. Returns (its description, [one dictionary per run])."""
    context = SHAPES[shape]
    command = [build / "longembed-gpu-bench", model, "--backend", backend, "--repeat", repeat]
    command += ["--native", context["native"], "--target", context["target"], *extra]
    if vectors is not None:
        command += ["--vectors", vectors]
    command = [str(word) for word in (*command, *runs)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr.strip()}\n{done.stdout}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[0], lines[1:]


def say(text):
    print(text, file=sys.stderr, flush=True)


def build_folder(text):
    folder = Path(text)
    for name in ("longembed-gpu-bench", "longembed-shape-model"):
        if not (folder / name).exists():
            raise SystemExit(f"{folder} has no {name}: build it with scripts/gpu/build.sh first.")
    return folder
