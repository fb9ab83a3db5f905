"""llama (Llama, Mistral): RMS norm before each half layer, grouped keys and values, interleaved rotary positions,
SwiGLU, causal."""

from attention import Rotation, attend
from layers import linear, queries_keys_values, rms_norm
from nomic_bert import feed_forward


def hidden(file, sequence):
    heads = file.value("attention.head_count")
    heads_kv = file.value("attention.head_count_kv", heads)
    epsilon = file.value("attention.layer_norm_rms_epsilon")
    rotation = Rotation(sequence.rope_base, interleaved=True)

    def norm(name, x):
        return rms_norm(x, file.tensor(f"{name}.weight"), epsilon)

    x = file.tensor("token_embd.weight")[sequence.tokens]
    for layer in range(file.value("block_count")):
        block = f"blk.{layer}"
        q, k, v = queries_keys_values(file, block, norm(f"{block}.attn_norm", x), heads, heads_kv)
        mixed = attend(q, k, v, sequence, rotation=rotation, causal=True)
        x = x + linear(file, f"{block}.attn_output", mixed)
        x = x + feed_forward(file, block, norm(f"{block}.ffn_norm", x))
    return norm("output_norm", x)
