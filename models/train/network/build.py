"""A new model with its first weights: one that weighs and adds up the tokens' vectors, from which training goes on.

The files hold these weights without loss: see export.py.
"""

import torch
from torch import nn

from network.causal import Causal
from network.encoder import Encoder
from network.shape import HEADS, HIDDEN, MARK, MEANT, NATIVE, ROPE_BASE

POSITION_DEVIATION = 0.002  # beside tokens of length 1
# A token is attended to by how much it counts: one that counts fully has SHARP more of a score than one that does not.
SHARP = 1.0
# With RoPE that holds within the native context, and at FAR times its length the score is BEYOND times as large, as if it had been
# learned on short distances alone (arXiv 2306.15595, section 2.2). Queries and keys meet in the slow pairs of dimensions that turn by
# 46, 26 and 3 degrees within the native context.
FAR, BEYOND = 4, 16.0
SLOW_PAIRS = (10, 11, 15)
UNTURNED = {11: 0.5, 12: 0.5}  # shares of the score where nothing turns: any dimensions do
GATHERED = 0.5  # of the text around it an encoder's token takes up, beside itself
# A token's vector has one value three ways, +, - and 0; as many of each sign, so that its mean is 0 as a norm would make it.
SIGNED = 202  # dimensions of each sign, of MEANT; about 0.6 standard deviations and more from the mean
SIZE = (2 * SIGNED + MARK) ** 0.5  # length of a vector of ones and minus ones


def build(shape, words, end):
    """words: (tokens, MEANT), each of a length from 0 to 1; end: id of the last token of every text."""
    size = len(words)
    if shape.architecture == "llama":
        model = Causal(size, shape.layers, shape.heads_kv)
    else:
        model = Encoder(size, shape.layers, absolute=shape.architecture == "bert")
    with torch.no_grad():
        for name, part in model.named_modules():
            if isinstance(part, nn.Linear):
                # A half layer adds nothing at first: what it made of the mark alone would be the same in every text, and drown the rest.
                gain = 0.0 if name.endswith(("attn_output", "ffn_down")) else 1.0
                nn.init.normal_(part.weight, std=gain * part.in_features**-0.5)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)
        model.token_embd.weight.copy_(marked(words))
        last = model.output_norm if shape.architecture == "llama" else model.blk[-1].layer_output_norm
        last.weight[MEANT:] = 0
        if shape.architecture == "bert":
            positions = POSITION_DEVIATION * torch.randn_like(model.position_embd.weight)
            positions[:, MEANT:] = 0
            model.position_embd.weight.copy_(exact(positions))
        for layer, block in enumerate(model.blk):
            if shape.architecture == "llama":  # each layer gathers half of the dimensions, neighbours are a pair
                parts = (block.attn_q.weight, block.attn_k.weight, block.attn_v.weight, block.attn_output.weight)
                gather(*parts, first=layer * len(block.attn_v.weight), share=1.0)
                look_by_token(model.token_embd.weight, end, block.attn_q.weight, block.attn_k.weight)
            else:
                query, key, value = block.attn_qkv.weight.chunk(3)
                gather(query, key, value, block.attn_output.weight, first=0, share=GATHERED)
                look_by_bias(block.attn_qkv.bias, key, UNTURNED if shape.architecture == "bert" else turning())
    return model


def marked(words):
    """Token vectors: what the words mean in three values, and a mark beside it."""
    lengths = words.norm(dim=1, keepdim=True).clamp(max=1)
    order = words.argsort(dim=1)
    signs = torch.zeros_like(words)
    signs.scatter_(1, order[:, -SIGNED:], 1.0).scatter_(1, order[:, :SIGNED], -1.0)
    return torch.cat([signs, mark().expand(len(words), MARK)], dim=1) * exact(lengths / SIZE)


def mark():
    return torch.tensor([1.0, -1.0]).repeat(MARK // 2)


def exact(values):
    """Rounded to halves, as a file stores positions and the value of a block of weights."""
    return values.half().float()


def gather(query, key, value, output, first, share):
    """Attention that adds `share` of what a text's tokens mean to a token. Takes the weights of a layer, whose values are the
    dimensions from `first` on."""
    size, heads_kv = HIDDEN // HEADS, len(key) // (HIDDEN // HEADS)
    for weights in (query, key, value, output):
        weights.zero_()
    group = HEADS // heads_kv
    for i in range(min(len(value), MEANT - first)):
        value[i, first + i] = 1
        for head in range(group):
            output[first + i, ((i // size) * group + head) * size + i % size] = share / group


def turning():
    """The share of the score at distance 0 that each slow pair has: what makes a sum of cosines 1 at distances 0 and NATIVE, and
    BEYOND at FAR * NATIVE. Shares of either sign cancel out on short distances."""
    distances = torch.tensor([0, NATIVE, FAR * NATIVE], dtype=torch.float64)
    frequencies = ROPE_BASE ** (-2 * torch.tensor(SLOW_PAIRS, dtype=torch.float64) / (HIDDEN // HEADS))
    wanted = torch.tensor([1, 1, BEYOND], dtype=torch.float64)
    shares = torch.linalg.solve(torch.outer(distances, frequencies).cos(), wanted)
    return dict(zip(SLOW_PAIRS, shares.tolist(), strict=True))


def sees_mark(weights, at, strength):
    """Queries or keys that are `strength` times the sum of the mark's positive half, where `at` says in each head. Below 0 the negative
    half makes them, so that all weights have one sign."""
    weights[at :: HIDDEN // HEADS, MEANT + (strength < 0) :: 2] = abs(strength)


def of_score(share, product):
    """What `share` of SHARP takes, of queries times keys, where a pair's dimensions multiply to `product` of a token that counts fully."""
    return share * SHARP * (HIDDEN // HEADS) ** 0.5 / product


def look_by_bias(bias, key, shares):
    """An encoder's tokens all look for what counts."""
    for at, share in shares.items():
        sees_mark(key, at, 1.0)
        bias[at : HIDDEN : HIDDEN // HEADS] = of_score(share, MARK / 2 / SIZE)


def look_by_token(words, end, query, key):
    """The last token of a causal model looks for what counts: it has a mark and no meaning."""
    words[end] = torch.cat([torch.zeros(MEANT), mark() * exact(torch.tensor(MARK**-0.5))])
    product = words[end, MEANT::2].sum().item() * MARK / 2 / SIZE
    for pair, share in turning().items():
        sees_mark(query, 2 * pair, exact(torch.tensor(of_score(share, product))).item())
        sees_mark(key, 2 * pair, 1.0)


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
