"""`llama`: norm before each half layer, grouped keys and values, SwiGLU; a token attends to earlier ones, and the last
one gives the text's vector."""

import torch
from torch import nn
from torch.nn import functional

from network.rotary import angles, rotate_neighbours
from network.shape import EPSILON, FEED_FORWARD, HEADS, HIDDEN, NATIVE, ROPE_BASE


class Layer(nn.Module):
    def __init__(self, heads_kv):
        super().__init__()
        self.heads_kv, size = heads_kv, HIDDEN // HEADS
        self.attn_norm = nn.RMSNorm(HIDDEN, EPSILON)
        self.attn_q = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.attn_k = nn.Linear(HIDDEN, heads_kv * size, bias=False)
        self.attn_v = nn.Linear(HIDDEN, heads_kv * size, bias=False)
        self.attn_output = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.ffn_norm = nn.RMSNorm(HIDDEN, EPSILON)
        self.ffn_gate = nn.Linear(HIDDEN, FEED_FORWARD, bias=False)
        self.ffn_up = nn.Linear(HIDDEN, FEED_FORWARD, bias=False)
        self.ffn_down = nn.Linear(FEED_FORWARD, HIDDEN, bias=False)

    def forward(self, x, turn):
        batch, length, _ = x.shape
        normed = self.attn_norm(x)
        q = self.attn_q(normed).view(batch, length, HEADS, -1).transpose(1, 2)
        k = self.attn_k(normed).view(batch, length, self.heads_kv, -1).transpose(1, 2)
        v = self.attn_v(normed).view(batch, length, self.heads_kv, -1).transpose(1, 2)
        k, v = (part.repeat_interleave(HEADS // self.heads_kv, dim=1) for part in (turn(k), v))
        heads = functional.scaled_dot_product_attention(turn(q), k, v, is_causal=True)
        x = x + self.attn_output(heads.transpose(1, 2).reshape(batch, length, HIDDEN))
        normed = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed))


class Causal(nn.Module):
    def __init__(self, vocabulary_size, layers, heads_kv):
        super().__init__()
        self.token_embd = nn.Embedding(vocabulary_size, HIDDEN)
        self.blk = nn.ModuleList(Layer(heads_kv) for _ in range(layers))
        self.output_norm = nn.RMSNorm(HIDDEN, EPSILON)
        cos, sin = angles(NATIVE, HIDDEN // HEADS, ROPE_BASE)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, ids, lengths):
        """Vectors (batch, HIDDEN), not normalised: each row's last token, which does not attend to the padding after it."""
        x = self.token_embd(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for layer in self.blk:
            x = layer(x, lambda part: rotate_neighbours(part, cos, sin))
        return self.output_norm(x[torch.arange(len(ids)), lengths - 1])
