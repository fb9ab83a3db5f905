"""A new model with its first weights: one that weighs and adds up the tokens' vectors, from which training goes on."""

import torch
from torch import nn

from network.causal import Causal
from network.encoder import Encoder

from network.shape import HEADS, HIDDEN, MEANT

POSITION_DEVIATION = 0.002  # beside tokens of length 1
# A token is attended to by what it means: what means most has SHARP more of a score than what means nothing. Queries and keys
# meet in the pairs of dimensions that turn by 26 and 15 degrees in the native context, by 209 and 117 in 8 times as many tokens.
SHARP = {"mean": 1.0, "last": 1.0}
SLOW_PAIRS = (11, 12)
GATHERED = 0.5  # of the text around it an encoder's token takes up, beside itself


def build(shape, words):
    """words: (tokens, MEANT), each of a length from 0 to 1."""
    size = len(words)
    if shape.architecture == "llama":
        model = Causal(size, shape.layers, shape.heads_kv)
    else:
        model = Encoder(size, shape.layers, absolute=shape.architecture == "bert")
    with torch.no_grad():
        for name, part in model.named_modules():
            if isinstance(part, nn.Linear):
                # A half layer adds nothing at first: what it made of REST alone would be the same in every text, and drown the rest.
                gain = 0.0 if name.endswith(("attn_output", "ffn_down")) else 1.0
                nn.init.normal_(part.weight, std=gain * part.in_features**-0.5)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)
        model.token_embd.weight.copy_(with_rest(words))
        last = model.output_norm if shape.architecture == "llama" else model.blk[-1].layer_output_norm
        last.weight[MEANT:] = 0
        if shape.architecture == "bert":
            nn.init.normal_(model.position_embd.weight, std=POSITION_DEVIATION)
            model.position_embd.weight[:, MEANT:] = 0
        for layer, block in enumerate(model.blk):
            output = block.attn_output.weight
            if shape.architecture == "llama":  # each layer gathers half of the dimensions, neighbours are a pair
                parts = (block.attn_q.weight, block.attn_k.weight, block.attn_v.weight, output)
                gather(*parts, layer * len(block.attn_v.weight), SHARP[shape.pooling], lambda pair: 2 * pair)
            else:
                parts = (*block.attn_qkv.weight.chunk(3), output)
                gather(*parts, 0, SHARP[shape.pooling], lambda pair: pair)
                output.mul_(GATHERED)
    return model


def with_rest(words):
    """Token vectors of length 1: the words' dimensions, with mean 0, and REST more."""
    words = words - words.mean(1, keepdim=True)
    lengths = words.norm(dim=1, keepdim=True)
    words = words / lengths.clamp(min=1)
    rest = (1 - lengths.clamp(max=1) ** 2).sqrt()
    return torch.cat([words, rest * rest_pattern()], dim=1)


def rest_pattern():
    """Of length 1 and mean 0; Q4_0, whose 16 levels are from -8 to 7 times a block's unit, holds it exactly."""
    pattern = torch.tensor([7.0, -8.0] * 14 + [7.0, 7.0, 0.0, 0.0])
    return pattern / pattern.norm()


def gather(query, key, value, output, first, sharp, pair_at):
    """Attention that adds up what a text's tokens mean, the ones that mean more by up to `sharp` more of a score.

    query, key, value and output are the weights of a layer; its values are the dimensions from `first` on; pair_at(pair) is
    where in a head the first dimension of a rotated pair is.
    """
    size, heads_kv = HIDDEN // HEADS, len(key) // (HIDDEN // HEADS)
    for weights in (query, key, value, output):
        weights.zero_()
    # queries from REST, of which the words around and the special tokens have most; keys from what a token's REST lacks
    strength = (sharp * size**0.5 / (len(SLOW_PAIRS) * HIDDEN)) ** 0.5
    looking = strength * torch.cat([torch.zeros(MEANT), rest_pattern()])
    for pair in SLOW_PAIRS:
        query[pair_at(pair) :: size] = looking
        key[pair_at(pair) :: size] = -looking
    group = HEADS // heads_kv
    for i in range(min(len(value), MEANT - first)):
        value[i, first + i] = 1
        for head in range(group):
            output[first + i, ((i // size) * group + head) * size + i % size] = 1 / group


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
