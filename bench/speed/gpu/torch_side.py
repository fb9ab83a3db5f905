"""The same shape in PyTorch and transformers, with random weights in bfloat16, for comparison.

    python3 torch_side.py --shape e5-mistral --device cuda --repeat 3 LENGTHxCOUNT…

Prints JSON: the rate of large bfloat16 products on this device, and for each run and kind of attention the seconds and the
peak memory. Runs that do not fit say why.
"""

import argparse
import json
import time

import torch
from transformers import MistralConfig, MistralModel

from operations import SHAPES


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES, default="e5-mistral")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--layers", type=int, help="fewer layers of the shape, for profilers")
    parser.add_argument("--lambda", dest="factor", type=float, default=10.0, help="ntk's factor on the RoPE base")
    parser.add_argument("runs", nargs="+")
    return parser.parse_args()


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def seconds_of(work, device, repeat):
    """After one run that is not counted."""
    work()
    times = []
    for _ in range(repeat):
        wait(device)
        started = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - started)
    return times


def product_rate(device):
    """Operations per second of a large bfloat16 matrix product: the best of several runs, each of several products."""
    size, products = (8192, 10) if device == "cuda" else (1024, 2)
    left = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    right = torch.randn(size, size, device=device, dtype=torch.bfloat16)

    def work():
        for _ in range(products):
            torch.matmul(left, right)

    return 2 * size**3 * products / min(seconds_of(work, device, 5))


def build(shape, layers, device, attention, factor):
    config = MistralConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.dimensions,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=32768,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0 * factor},
        sliding_window=None,
        use_cache=False,
        attn_implementation=attention,
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        return MistralModel(config).eval()


def kinds(device):
    """Kinds of attention to try; the fastest counts."""
    found = ["sdpa"]
    if device == "cuda":
        try:
            import flash_attn  # noqa: F401

            found.append("flash_attention_2")
        except ImportError:
            pass
    return found


@torch.inference_mode()
def measure(model, text, device, repeat):
    length, count = (int(number) for number in text.split("x"))
    tokens = torch.randint(3, model.config.vocab_size, (count, length), device=device)
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def embed():
        hidden = model(input_ids=tokens).last_hidden_state[:, -1]
        return torch.nn.functional.normalize(hidden.float(), dim=-1).cpu()

    times = seconds_of(embed, device, repeat)
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    return {"length": length, "count": count, "seconds": times, "peak_bytes": peak}


def main():
    arguments = parse()
    shape, device = SHAPES[arguments.shape], arguments.device
    result = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "bf16_operations_per_second": product_rate(device),
        "runs": [],
    }
    for attention in kinds(device):
        model = build(shape, arguments.layers or shape.layers, device, attention, arguments.factor)
        for text in arguments.runs:
            try:
                run = measure(model, text, device, arguments.repeat)
            except torch.OutOfMemoryError as error:
                run = {"error": str(error).splitlines()[0]}
            result["runs"].append({"run": text, "attention": attention, **run})
        del model
    print(json.dumps(result))


if __name__ == "__main__":
    main()
