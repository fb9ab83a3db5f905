"""Writes a model as GGUF, with llama.cpp's names of tensors and keys for the architecture."""

import gguf
import numpy as np

from network.causal import EPSILON as RMS_EPSILON
from network.encoder import EPSILON as LAYER_EPSILON
from network.shape import FEED_FORWARD, HEADS, HIDDEN, NATIVE, ROPE_BASE
from vocabulary import bytepair, wordpiece

POOLING = {"mean": gguf.PoolingType.MEAN, "last": gguf.PoolingType.LAST}
# The tokens' matrix, most of the file, has 4 bits a weight: a word's vector has hundreds, and their errors cancel out.
TOKENS = gguf.GGMLQuantizationType.Q4_0
OTHERS = gguf.GGMLQuantizationType.Q5_0
FILE_TYPE = gguf.LlamaFileType.MOSTLY_Q5_0
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
        matrix = values.ndim == 2 and not name.startswith("position_embd")
        if matrix and not whole:
            kind = TOKENS if name.startswith("token_embd") else OTHERS
            writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


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
        writer.add_layer_norm_rms_eps(RMS_EPSILON)
        writer.add_rope_dimension_count(HIDDEN // HEADS)
    else:
        writer.add_layer_norm_eps(LAYER_EPSILON)
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
