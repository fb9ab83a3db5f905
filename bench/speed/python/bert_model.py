"""transformers' BertModel with the weights of a GGUF file of the architecture `bert`, dequantized."""

import numpy as np
import torch
import transformers
from gguf import GGUFReader
from gguf.quants import dequantize

LAYER = {
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}
EMBEDDINGS = {
    "token_embd": "word_embeddings",
    "position_embd": "position_embeddings",
    "token_types": "token_type_embeddings",
    "token_embd_norm": "LayerNorm",
}


def target_of(name):
    """The name in transformers of a tensor of the file."""
    stem, kind = name.rsplit(".", 1)
    if stem.startswith("blk."):
        _, layer, part = stem.split(".")
        return f"encoder.layer.{layer}.{LAYER[part]}.{kind}"
    return f"embeddings.{EMBEDDINGS[stem]}.{kind}"


def load(path, attention="sdpa"):
    """@param attention transformers' attn_implementation"""
    reader = GGUFReader(path)
    value = lambda key: reader.fields[f"bert.{key}"].contents()  # noqa: E731
    weights = {target_of(each.name): dequantize(each.data, each.tensor_type) for each in reader.tensors}
    words, dimensions = weights["embeddings.word_embeddings.weight"].shape
    config = transformers.BertConfig(
        vocab_size=words,
        hidden_size=dimensions,
        num_hidden_layers=value("block_count"),
        num_attention_heads=value("attention.head_count"),
        intermediate_size=value("feed_forward_length"),
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(weights["embeddings.token_type_embeddings.weight"]),
        layer_norm_eps=value("attention.layer_norm_epsilon"),
        attn_implementation=attention,
    )
    model = transformers.BertModel(config, add_pooling_layer=False)
    state = {name: torch.from_numpy(np.array(numbers, dtype=np.float32)) for name, numbers in weights.items()}
    absent, unknown = model.load_state_dict(state, strict=False)
    if unknown or any(name.endswith(("weight", "bias")) for name in absent):
        raise ValueError(f"{path} does not have BertModel's tensors: {[*unknown, *absent]}")
    return model.eval()
