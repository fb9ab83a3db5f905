"""Compares the oracle with Hugging Face's own classes, in float64, on random models of ours. By hand, in an environment with
torch and transformers beside what the oracle needs; nothing is downloaded:

    python test/oracle/against_transformers.py FOLDER

FOLDER holds modern-bert.gguf, gemma-embedding.gguf and t5encoder.gguf (models/random/main.ts). transformers computes
rotations, and Gemma's and T5's norms, in single precision whatever the model's type, which leaves some 1e-14.
"""

import os
import sys

import numpy as np
import torch
import transformers

from model import Model, cosine_distance
from pooling import POOLINGS, pool
from prng import token_ids
from vocabulary import content_range

LENGTHS = (3, 64, 65, 300, 513)


def modern_bert(file):
    value = file.value
    names = {
        "token_embd": "embeddings.tok_embeddings",
        "token_embd_norm": "embeddings.norm",
        "output_norm": "final_norm",
        "attn_norm": "attn_norm",
        "attn_qkv": "attn.Wqkv",
        "attn_output": "attn.Wo",
        "ffn_norm": "mlp_norm",
        "ffn_up": "mlp.Wi",
        "ffn_down": "mlp.Wo",
    }
    config = transformers.ModernBertConfig(
        vocab_size=len(file.metadata["tokenizer.ggml.tokens"]),
        hidden_size=value("embedding_length"),
        intermediate_size=value("feed_forward_length"),
        num_hidden_layers=value("block_count"),
        num_attention_heads=value("attention.head_count"),
        local_attention=value("attention.sliding_window"),
        norm_eps=value("attention.layer_norm_epsilon"),
        max_position_embeddings=4096,
        pad_token_id=0,
        attn_implementation="eager",
    )
    return transformers.ModernBertModel(config), names, "layers", 0.0


def gemma_embedding(file):
    value = file.value
    names = {
        "token_embd": "embed_tokens",
        "output_norm": "norm",
        "attn_norm": "input_layernorm",
        "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
        "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    config = transformers.Gemma3TextConfig(
        vocab_size=len(file.metadata["tokenizer.ggml.tokens"]),
        hidden_size=value("embedding_length"),
        intermediate_size=value("feed_forward_length"),
        num_hidden_layers=value("block_count"),
        num_attention_heads=value("attention.head_count"),
        num_key_value_heads=value("attention.head_count_kv"),
        head_dim=value("attention.key_length"),
        query_pre_attn_scalar=value("attention.key_length"),
        sliding_window=value("attention.sliding_window"),
        use_bidirectional_attention=True,
        rms_norm_eps=value("attention.layer_norm_rms_epsilon"),
        max_position_embeddings=4096,
        pad_token_id=0,
        attn_implementation="eager",
    )
    # its norms multiply by 1 + weight; converters write the sum
    return transformers.Gemma3TextModel(config), names, "layers", 1.0


def t5encoder(file):
    value = file.value
    names = {
        "token_embd": "shared",
        "output_norm": "encoder.final_layer_norm",
        "attn_norm": "layer.0.layer_norm",
        "attn_rel_b": "layer.0.SelfAttention.relative_attention_bias",
        "attn_q": "layer.0.SelfAttention.q",
        "attn_k": "layer.0.SelfAttention.k",
        "attn_v": "layer.0.SelfAttention.v",
        "attn_o": "layer.0.SelfAttention.o",
        "ffn_norm": "layer.1.layer_norm",
        "ffn_up": "layer.1.DenseReluDense.wi",
        "ffn_down": "layer.1.DenseReluDense.wo",
    }
    config = transformers.T5Config(
        vocab_size=len(file.metadata["tokenizer.ggml.tokens"]),
        d_model=value("embedding_length"),
        d_kv=value("attention.key_length"),
        d_ff=value("feed_forward_length"),
        num_layers=value("block_count"),
        num_heads=value("attention.head_count"),
        relative_attention_num_buckets=value("attention.relative_buckets_count"),
        layer_norm_epsilon=value("attention.layer_norm_rms_epsilon"),
        feed_forward_proj="relu",
    )
    return transformers.T5EncoderModel(config), names, "encoder.block", 0.0


def with_weights(file, build):
    """The class of an architecture with the file's weights."""
    model, names, layers, norm_offset = build(file)
    state = model.state_dict()
    for name in file.tensor_names():
        *block, part = name.removesuffix(".weight").removeprefix("enc.").rsplit(".", 1)
        where = f"{layers}.{block[0].removeprefix('blk.')}." if block else ""
        target = f"{where}{names[part]}.weight"
        numbers = file.tensor(name) - (norm_offset if part.endswith("norm") else 0.0)
        assert state[target].shape == numbers.shape, (name, target)
        state[target] = torch.tensor(numbers)
    if "encoder.embed_tokens.weight" in state:
        state["encoder.embed_tokens.weight"] = state["shared.weight"]
    model = model.double().eval()
    model.load_state_dict(state)
    return model


def main(folder):
    for name, build in (("modern-bert", modern_bert), ("gemma-embedding", gemma_embedding), ("t5encoder", t5encoder)):
        ours = Model(os.path.join(folder, f"{name}.gguf"))
        theirs = with_weights(ours.file, build)
        worst = 0.0
        for n in LENGTHS:
            ids = token_ids(n, n, *content_range(ours.file))
            vectors, _, _ = ours.embed_poolings(ids, "none:1k,attention-scale=off", special=([], []))
            with torch.no_grad():
                hidden = theirs(torch.tensor(np.array(ids, dtype=np.int64)[None]))[0][0].numpy()
            for how in POOLINGS:
                worst = max(worst, cosine_distance(vectors[how], pool(hidden, how)))
        print(f"{name}: worst 1 - cosine {worst:.1e}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
