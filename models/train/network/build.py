"""A new model with its first weights."""

import torch
from torch import nn

from network.causal import Causal
from network.encoder import Encoder

TOKEN_DEVIATION = 0.3
POSITION_DEVIATION = 0.05


def build(shape, vocabulary_size):
    if shape.architecture == "llama":
        model = Causal(vocabulary_size, shape.heads_kv)
    else:
        model = Encoder(vocabulary_size, absolute=shape.architecture == "bert")
    for name, part in model.named_modules():
        if isinstance(part, nn.Linear):
            # Initially, a half layer adds half the size of its input.
            gain = 0.5 if name.endswith(("attn_output", "ffn_down")) else 1.0
            nn.init.normal_(part.weight, std=gain * part.in_features**-0.5)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, std=POSITION_DEVIATION if name == "position_embd" else TOKEN_DEVIATION)
    return model


def count(model):
    return sum(weights.numel() for weights in model.parameters())


def vectors(model, vocabulary, documents, max_tokens):
    """Vectors of documents of content ids; each gets its special tokens, and is cut to `max_tokens` tokens."""
    rows = [[vocabulary.start, *ids[: max_tokens - 2], vocabulary.end] for ids in documents]
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.full((len(rows), int(lengths.max())), vocabulary.pad)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
    return model(ids, lengths)
