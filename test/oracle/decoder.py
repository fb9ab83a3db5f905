"""What the decoders share: RMS norm before each half layer, grouped keys and values, rotary positions, SwiGLU."""

from attention import Rotation, attend
from layers import linear, queries_keys_values, rms_norm, swiglu


def is_causal(file):
    """Whether a token sees only those before it: GGUF's default, which the BERT family and some embedding models change."""
    return file.value("attention.causal", True)


def run(file, sequence, interleaved, head_norms=False):
    """The hidden state of every token after the last norm, (n, dimensions). Biases count wherever the file has them.

    head_norms: whether each head of queries and keys is normalised before it is rotated.
    """
    heads = file.value("attention.head_count")
    heads_kv = file.value("attention.head_count_kv", heads)
    epsilon = file.value("attention.layer_norm_rms_epsilon")
    rotation = Rotation(sequence.rope_base, interleaved, sequence.rope_divisors)

    def norm(name, x):
        return rms_norm(x, file.tensor(f"{name}.weight"), epsilon)

    x = file.tensor("token_embd.weight")[sequence.tokens]
    for layer in range(file.value("block_count")):
        block = f"blk.{layer}"
        q, k, v = queries_keys_values(file, block, norm(f"{block}.attn_norm", x), heads, heads_kv)
        if head_norms:
            q, k = norm(f"{block}.attn_q_norm", q), norm(f"{block}.attn_k_norm", k)
        mixed = attend(q, k, v, sequence, rotation=rotation, causal=is_causal(file))
        x = x + linear(file, f"{block}.attn_output", mixed)
        x = x + swiglu(file, block, norm(f"{block}.ffn_norm", x))
    return norm("output_norm", x)
