"""E5-Mistral's shape on a GPU: this library in each quantization, PyTorch, and the theoretical minimum time.

    python3 bench/speed/gpu/bench.py --build build-cuda --backend cuda --output results

Writes results.json and results.md. On a machine without a GPU, to try the benchmark itself:

    python3 bench/speed/gpu/bench.py --build build-cpu --backend cpu --shape tiny --output results
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from operations import SHAPES, total
from programs import TYPES, build_folder, make_models, measure, say

LENGTHS = {"e5-mistral": (4096, 8192, 16384, 32768), "tiny": (64, 128, 512), "tiny-heads": (64, 128, 512)}
MANY = {"e5-mistral": (512, 64), "tiny": (32, 8), "tiny-heads": (32, 8)}
METHODS = ("ntk", "se")


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=build_folder, required=True, help="folder with the programs")
    parser.add_argument("--backend", default="cuda")
    parser.add_argument("--shape", choices=LENGTHS, default="e5-mistral")
    parser.add_argument("--types", default=",".join(TYPES), help="types of weights, in the order of the runs")
    parser.add_argument("--models", type=Path, help="folder for model files; default: the output folder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--fake-gpus", help="to try the benchmark: MB,MB,… of simulated GPUs")
    return parser.parse_args()


def pairs_of(shape):
    """(length, sequences) of all runs."""
    return [*((length, 1) for length in LENGTHS[shape]), MANY[shape]]


def run_ours(arguments):
    runs = [f"{method}x{length}x{count}" for length, count in pairs_of(arguments.shape) for method in METHODS]
    extra = ("--fake-gpus", arguments.fake_gpus) if arguments.fake_gpus else ()
    kinds = arguments.types.split(",")
    models = make_models(arguments.build, arguments.models or arguments.output, arguments.shape, kinds)
    results = {}
    for kind in kinds:
        say(f"measuring {kind}")
        about, done = measure(
            arguments.build, models[kind], arguments.shape, runs, backend=arguments.backend, repeat=arguments.repeat, extra=extra
        )
        results[kind] = {"model": about, "runs": done}
    return results


def run_torch(arguments):
    say("measuring PyTorch")
    device = "cuda" if arguments.backend == "cuda" else "cpu"
    script = Path(__file__).with_name("torch_side.py")
    command = [sys.executable, script, "--shape", arguments.shape, "--device", device, "--repeat", arguments.repeat]
    command += [f"{length}x{count}" for length, count in pairs_of(arguments.shape)]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        say(done.stderr)
        return None
    return json.loads(done.stdout)


def best_torch(torch, length, count):
    """The run with the fastest kind of attention, or None."""
    runs = [r for r in torch["runs"] if "seconds" in r and (r["length"], r["count"]) == (length, count)] if torch else []
    return min(runs, key=lambda run: median(run["seconds"]), default=None)


def gigabytes(number):
    return f"{number / 1e9:.2f}" if number else "–"


def table(arguments, ours, torch):
    shape = SHAPES[arguments.shape]
    rate = torch["bf16_operations_per_second"] if torch else None
    lines = ["| tokens | method | weights | s | tokens/s | peak GB | of the floor | × PyTorch |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for length, count in pairs_of(arguments.shape):
        other = best_torch(torch, length, count)
        for method in METHODS:
            for kind, result in ours.items():
                run = next(r for r in result["runs"] if (r["length"], r["count"], r["method"]) == (length, count, method))
                lines.append(row(f"{count} × {length:,}", method, kind, run["seconds"], run["gpu_bytes"], shape, length, count, rate, other))
        if other:
            lines.append(row(f"{count} × {length:,}", other["attention"], "PyTorch bf16", other["seconds"], other["peak_bytes"], shape, length, count, rate, None))
    return lines


def row(tokens, method, kind, times, peak, shape, length, count, rate, other):
    seconds = median(times)
    floor = f"{total(shape, length, count) / rate / seconds:.0%}" if rate else "–"
    against = f"{seconds / median(other['seconds']):.2f}" if other else "–"
    return f"| {tokens} | {method} | {kind} | {seconds:.3f} | {length * count / seconds:,.0f} | {gigabytes(peak)} | {floor} | {against} |"


def claims(arguments, ours, torch):
    """What the table must show, each with its figure."""
    length, (short, many) = LENGTHS[arguments.shape][-1], MANY[arguments.shape]
    lines = []
    for kind, result in ours.items():
        seconds = {(r["method"], r["length"], r["count"]): median(r["seconds"]) for r in result["runs"]}
        lines.append(f"- {kind}: se at {length:,} tokens takes {seconds['se', length, 1] / seconds['ntk', length, 1]:.2f} × ntk's time (wanted: at most 1.3)")
        if other := best_torch(torch, length, 1):
            lines.append(f"- {kind}: ntk at {length:,} tokens takes {seconds['ntk', length, 1] / median(other['seconds']):.2f} × PyTorch's time (wanted: at most 1)")
        if other := best_torch(torch, short, many):
            lines.append(f"- {kind}: {many} × {short} tokens go {median(other['seconds']) / seconds['ntk', short, many]:.2f} × as fast as in PyTorch (wanted: at least 1)")
        peak = max(r["gpu_bytes"] for r in result["runs"] if r["length"] == length)
        lines.append(f"- {kind}: at {length:,} tokens {gigabytes(peak)} GB of GPU memory (wanted of q4_k_m: at most 10)")
    return lines


def main():
    arguments = parse()
    arguments.output.mkdir(parents=True, exist_ok=True)
    ours = run_ours(arguments)
    torch = None if arguments.no_torch else run_torch(arguments)
    (arguments.output / "results.json").write_text(json.dumps({"shape": arguments.shape, "longembed": ours, "torch": torch}, indent=1))
    about = [f"{kind}: {result['model']['placement']}, weights {gigabytes(result['model']['gpu_bytes_weights'])} GB on GPUs" for kind, result in ours.items()]
    if torch:
        about.append(f"{torch['device']}, PyTorch {torch['torch']}; bf16 products run at {torch['bf16_operations_per_second'] / 1e12:.1f} TFLOP/s, which the floor is reckoned with")
    text = "\n".join([*about, "", *table(arguments, ours, torch), "", *claims(arguments, ours, torch), ""])
    (arguments.output / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
