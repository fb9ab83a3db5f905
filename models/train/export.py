"""Writes a model as GGUF, with llama.cpp's names of tensors and keys for the architecture."""

import gguf
import numpy as np

from network.shape import EPSILON, FEED_FORWARD, HEADS, HIDDEN, NATIVE, ROPE_BASE
from vocabulary import bytepair, wordpiece

POOLING = {"mean": gguf.PoolingType.MEAN, "last": gguf.PoolingType.LAST}
# A new model's weights are stored without loss: a token's vector has one value with either sign, a layer's matrix one value, in
# every block; positions are halves. What has been trained loses: Q4_0 rounds it.
TOKENS = gguf.GGMLQuantizationType.TQ1_0
SPARSE = gguf.GGMLQuantizationType.Q2_K
OTHERS = gguf.GGMLQuantizationType.Q4_0
FILE_TYPE = gguf.LlamaFileType.MOSTLY_TQ1_0
DESCRIPTION = (
    "A small embedding model for the tests and the demonstration of longembed, made from all-MiniLM-L6-v2's vectors of words "
    f"and trained on texts of at most {NATIVE} tokens"
)


def export(model, shape, vocabulary, path, whole=False):
    """Writes `path`, quantized, or `whole` as F32."""
    writer = gguf.GGUFWriter(str(path), shape.architecture)
    write_facts(writer, shape)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if whole else FILE_TYPE)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    write_vocabulary(writer, vocabulary)
    for name, weights in model.state_dict().items():
        values = weights.detach().numpy().astype(np.float32)
        if whole or values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            kind, stored = packed(name, values)
            writer.add_tensor(name, stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def packed(name, values):
    """A matrix's type, and its bytes."""
    if name.startswith("position_embd"):
        return gguf.GGMLQuantizationType.F16, values.astype(np.float16)
    if name.startswith("token_embd"):
        return TOKENS, gguf.quantize(values, TOKENS)
    sparse = one_value(values)
    return (OTHERS, gguf.quantize(values, OTHERS)) if sparse is None else (SPARSE, sparse)


def one_value(values):
    """Q2_K's bytes of a matrix whose blocks of 256 have one value besides 0, a half; None for others. The Python package gguf has
    no function for Q2_K: a block is 16 scales, 256 times 2 bits, a factor on the scales and one on the minima, which are 0."""
    if values.shape[1] % 256 != 0:
        return None
    blocks = values.reshape(-1, 256)
    value = blocks.max(1, keepdims=True)
    if not ((blocks == 0) | (blocks == value.astype(np.float16))).all():
        return None
    ones = (blocks != 0).astype(np.uint8).reshape(-1, 2, 4, 32)  # byte i of a half has elements i, i + 32, i + 64 and i + 96
    bits = (ones << np.array([0, 2, 4, 6], dtype=np.uint8).reshape(1, 1, 4, 1)).sum(2, dtype=np.uint8)
    factors = np.concatenate([value, np.zeros_like(value)], axis=1).astype(np.float16).view(np.uint8)
    stored = np.concatenate([np.ones((len(blocks), 16), np.uint8), bits.reshape(-1, 64), factors], axis=1)
    return stored.reshape(len(values), -1)


def write_facts(writer, shape):
    writer.add_type("model")
    writer.add_name(shape.name)
    writer.add_description(DESCRIPTION)
    writer.add_license("mit")
    writer.add_block_count(shape.layers)
    writer.add_context_length(NATIVE)
    writer.add_embedding_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(shape.heads_kv)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_pooling_type(POOLING[shape.pooling])
    if shape.architecture == "llama":
        writer.add_layer_norm_rms_eps(EPSILON)
        writer.add_rope_dimension_count(HIDDEN // HEADS)
    else:
        writer.add_layer_norm_eps(EPSILON)
        writer.add_causal_attention(False)
    if shape.architecture != "bert":
        writer.add_rope_freq_base(ROPE_BASE)


def write_vocabulary(writer, vocabulary):
    by_id = sorted(vocabulary.tokenizer.get_vocab().items(), key=lambda item: item[1])
    tokens = [token for token, _ in by_id]
    special = wordpiece.SPECIAL if vocabulary.kind == "wordpiece" else bytepair.SPECIAL
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_token_types([control if token in special else normal for token in tokens])
    writer.add_bos_token_id(vocabulary.start)
    writer.add_eos_token_id(vocabulary.end)
    writer.add_pad_token_id(vocabulary.pad)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)
    if vocabulary.kind == "wordpiece":
        writer.add_tokenizer_model("bert")
        writer.add_tokenizer_pre("default")
        writer.add_token_list(wordpiece.gguf_tokens(vocabulary.tokenizer))
        writer.add_token_type_count(1)
        writer.add_unk_token_id(tokens.index("[UNK]"))
        writer.add_sep_token_id(vocabulary.end)
        writer.add_mask_token_id(tokens.index("[MASK]"))
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(tokens)
        writer.add_token_merges(bytepair.merges(vocabulary.tokenizer))
        writer.add_vocab_size(len(tokens))
