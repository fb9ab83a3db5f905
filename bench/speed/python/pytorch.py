"""PyTorch's side of the comparison: pytorch.py MODEL THREADS float32|bfloat16

It embeds as sentence-transformers does: the texts sorted by length, 32 at a time, padded to the longest of them, mean of the
tokens. The protocol is that of engines/protocol.mjs.
"""

import sys
import time

import torch

import bert_model

BATCH = 32


def batches_of(sequences):
    """Numbers of texts, the longest first, as sentence-transformers batches them."""
    order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i]))
    return [order[first : first + BATCH] for first in range(0, len(order), BATCH)]


def padded(texts):
    """@returns token ids and mask, both [texts][longest]"""
    longest = max(len(ids) for ids in texts)
    ids = torch.tensor([text + [0] * (longest - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
    return ids, mask


@torch.inference_mode()
def embed(model, sequences):
    vectors = [None] * len(sequences)
    for batch in batches_of(sequences):
        ids, mask = padded([sequences[i] for i in batch])
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        means = (hidden * weights).sum(1) / weights.sum(1)
        for i, vector in zip(batch, means.float().tolist()):
            vectors[i] = vector
    return vectors


def main(path, threads, precision):
    torch.set_num_threads(int(threads))
    lines = (line.strip() for line in sys.stdin)
    sequences = [[int(word) for word in next(lines).split()] for _ in range(int(next(lines)))]
    model = bert_model.load(path).to(getattr(torch, precision))
    say("ready")
    vectors = []
    for command in lines:
        if command == "run":
            started = time.perf_counter()
            vectors = embed(model, sequences)
            say(f"{time.perf_counter() - started:.6f}")
        else:
            for vector in vectors:
                say(" ".join(map(repr, vector)))


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # the process that measures shows it
        say("error " + str(error).replace("\n", " "))
