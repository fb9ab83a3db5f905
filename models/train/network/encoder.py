"""The BERT family: norm after each half layer, GELU, every token attends to every other. With a matrix of positions (`bert`) or
rotations (`jina-bert-v3`)."""

import torch
from torch import nn
from torch.nn import functional

from network.rotary import angles, rotate_halves
from network.shape import EPSILON, FEED_FORWARD, HEADS, HIDDEN, NATIVE, ROPE_BASE


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn_qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.attn_output = nn.Linear(HIDDEN, HIDDEN)
        self.attn_output_norm = nn.LayerNorm(HIDDEN, EPSILON)
        self.ffn_up = nn.Linear(HIDDEN, FEED_FORWARD)
        self.ffn_down = nn.Linear(FEED_FORWARD, HIDDEN)
        self.layer_output_norm = nn.LayerNorm(HIDDEN, EPSILON)

    def forward(self, x, mask, turn):
        batch, length, _ = x.shape
        q, k, v = self.attn_qkv(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        heads = functional.scaled_dot_product_attention(turn(q), turn(k), v, attn_mask=mask)
        x = self.attn_output_norm(x + self.attn_output(heads.transpose(1, 2).reshape(batch, length, HIDDEN)))
        return self.layer_output_norm(x + self.ffn_down(functional.gelu(self.ffn_up(x))))


class Encoder(nn.Module):
    def __init__(self, vocabulary_size, layers, absolute):
        super().__init__()
        self.token_embd = nn.Embedding(vocabulary_size, HIDDEN)
        self.position_embd = nn.Embedding(NATIVE, HIDDEN) if absolute else None
        self.token_embd_norm = nn.LayerNorm(HIDDEN, EPSILON)
        self.blk = nn.ModuleList(Layer() for _ in range(layers))
        if not absolute:
            cos, sin = angles(NATIVE, HIDDEN // HEADS, ROPE_BASE)
            self.register_buffer("cos", cos, persistent=False)
            self.register_buffer("sin", sin, persistent=False)

    def forward(self, ids, lengths):
        """Vectors (batch, HIDDEN), not normalised: the mean over each row's first `lengths` tokens."""
        size = ids.shape[1]
        real = torch.arange(size) < lengths[:, None]
        mask = None if bool(real.all()) else real[:, None, None, :]
        x = self.token_embd(ids)
        if self.position_embd is not None:
            x = x + self.position_embd.weight[:size]
        x = self.token_embd_norm(x)
        turn = self.turn(size)
        for layer in self.blk:
            x = layer(x, mask, turn)
        return (x * real[:, :, None]).sum(1) / lengths[:, None]

    def turn(self, size):
        if self.position_embd is not None:
            return lambda x: x
        cos, sin = self.cos[:size], self.sin[:size]
        return lambda x: rotate_halves(x, cos, sin)
