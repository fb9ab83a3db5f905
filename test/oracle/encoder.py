"""The BERT family: embeddings, then layers with the norm after each half. The architectures differ in three places: the rows
added to the embeddings, how attention knows positions, and the feed-forward."""

from attention import attend
from layers import join_heads, layer_norm, linear, queries_keys_values, split_heads


def run(file, sequence, feed_forward, added=None, rotation=None, distance_penalty=None):
    """The hidden state of every token after the last layer, (n, dimensions).

    feed_forward(file, block, x); added: rows put onto the embeddings, (n, dimensions) or None.
    """
    heads = file.value("attention.head_count")
    epsilon = file.value("attention.layer_norm_epsilon")

    def norm(name, x):
        return layer_norm(x, file.tensor(f"{name}.weight"), file.tensor(f"{name}.bias"), epsilon)

    x = file.tensor("token_embd.weight")[sequence.tokens]
    types = file.tensor("token_types.weight")
    if types is not None:
        x = x + types[0]
    if added is not None:
        x = x + added
    x = norm("token_embd_norm", x)
    for layer in range(file.value("block_count")):
        block = f"blk.{layer}"
        q, k, v = queries_keys_values(file, block, x, heads, heads)
        if f"{block}.attn_q_norm.weight" in file:
            # over all heads together
            q, k = (
                split_heads(norm(f"{block}.attn_{name}_norm", join_heads(part)), heads)
                for name, part in (("q", q), ("k", k))
            )
        mixed = attend(q, k, v, sequence, rotation=rotation, distance_penalty=distance_penalty)
        attended = norm(f"{block}.attn_output_norm", x + linear(file, f"{block}.attn_output", mixed))
        x = norm(f"{block}.attn_norm_2", x + attended) if f"{block}.attn_norm_2.weight" in file else attended
        x = norm(f"{block}.layer_output_norm", x + feed_forward(file, block, x))
    return x
