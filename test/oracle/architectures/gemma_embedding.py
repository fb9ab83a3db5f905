"""gemma-embedding: Gemma 3 that attends both ways. Norms before and after each half layer and over each head of queries and
keys; embeddings × √d; GeGLU by tanh. Layers 5, 11, … attend to everything; the others see ⌊window / 2⌋ tokens on either
side, with a base of rotation of their own. Dense layers after pooling."""

import math

from attention import Rotation, attend
from cases import every_case, optional_tensors
from layers import dense_head, gelu_tanh, linear, queries_keys_values, rms_norm
from strategies import without_extension

head = dense_head
POSITION_ENCODING = "rope"
CAUSAL = False
FIXTURES = {
    **every_case("gemma-embedding", POSITION_ENCODING),
    **optional_tensors("gemma-embedding-head", POSITION_ENCODING),
}
_SLIDING_BASE = 10000.0
_EVERY = 6


def hidden(file, sequence):
    heads = file.value("attention.head_count")
    heads_kv = file.value("attention.head_count_kv")
    epsilon = file.value("attention.layer_norm_rms_epsilon")
    reach = file.value("attention.sliding_window") // 2
    plain = without_extension(sequence)

    def norm(name, x):
        return rms_norm(x, file.tensor(f"{name}.weight"), epsilon)

    x = file.tensor("token_embd.weight")[sequence.tokens] * math.sqrt(file.value("embedding_length"))
    for layer in range(file.value("block_count")):
        block = f"blk.{layer}"
        q, k, v = queries_keys_values(file, block, norm(f"{block}.attn_norm", x), heads, heads_kv)
        q, k = norm(f"{block}.attn_q_norm", q), norm(f"{block}.attn_k_norm", k)
        if (layer + 1) % _EVERY == 0:
            mixed = attend(q, k, v, sequence, rotation=Rotation(sequence.rope_base, interleaved=False, divisors=sequence.rope_divisors))
        else:
            mixed = attend(q, k, v, plain, rotation=Rotation(_SLIDING_BASE, interleaved=False), reach=reach)
        x = x + norm(f"{block}.post_attention_norm", linear(file, f"{block}.attn_output", mixed))
        inner = norm(f"{block}.ffn_norm", x)
        inner = gelu_tanh(linear(file, f"{block}.ffn_gate", inner)) * linear(file, f"{block}.ffn_up", inner)
        x = x + norm(f"{block}.post_ffw_norm", linear(file, f"{block}.ffn_down", inner))
    return norm("output_norm", x)
