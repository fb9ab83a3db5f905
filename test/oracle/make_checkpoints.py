"""Makes the checkpoints of test/fixtures/checkpoints: tiny models in Hugging Face's form, written by its own code, each with
expected.json: texts, their token ids, and their vectors by transformers in float64. By hand, in an environment with
torch 2.11, transformers 4.57, sentencepiece and protobuf; nothing is downloaded:

    python test/oracle/make_checkpoints.py

The E5-RoPE one is a BERT whose attention is replaced by one that rotates queries and keys, written here from the authors'
definition (halves of a head, base 10,000). The dense layers are torch.nn.Linear, in sentence-transformers' folders.
"""

import copy
import json
import math
import os
import shutil
import tempfile

import safetensors.torch
import sentencepiece
import torch
import transformers
from tokenizers import BertWordPieceTokenizer
from transformers.models.bert.modeling_bert import BertSelfAttention

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "fixtures")
OUT = os.path.join(FIXTURES, "checkpoints")

ENGLISH = open(os.path.join(FIXTURES, "english.txt"), encoding="utf-8").read()

TEXTS = [
    "The contract ends on the last day of the year.",
    "Where is the café?  UPPER case, naïve Façade; numbers 1234.5 and <tags>!",
    "  two  spaces\n\tand a line\n\nbreak  ",
    "日本語 text, emoji 🙂 and ﬁne ＡＢＣ",
    ENGLISH[:240],
    "a",
]


def draw(model, embedding_scale=1.0, norm_center=1.0):
    """Weights that make attention and positions matter, unlike those of an untrained model."""
    generator = torch.Generator().manual_seed(7)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        if parameter.dim() == 1:
            is_factor = name.endswith("weight")
            value = norm_center + 0.2 * noise if is_factor else 0.1 * noise
        elif "embed" in name or "shared" in name:
            value = embedding_scale * noise
        elif "relative_attention_bias" in name:
            value = noise
        else:
            value = 1.2 * noise / math.sqrt(parameter.shape[1])
        parameter.data = value.to(parameter.dtype)


def rounded(model, dtype):
    """The numbers that a checkpoint of the type holds."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype).to(torch.float64)
    return model.double().eval()


class RotatingAttention(BertSelfAttention):
    BASE = 10000.0

    def rotated(self, x):
        n, size = x.shape[2], x.shape[3]
        powers = torch.arange(0, size, 2, dtype=torch.float64) / size
        angles = torch.outer(torch.arange(n, dtype=torch.float64), self.BASE**-powers)
        cos, sin = angles.cos(), angles.sin()
        low, high = x[..., : size // 2], x[..., size // 2 :]
        return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)

    def forward(self, hidden_states, *args, **kwargs):
        batch, n, width = hidden_states.shape

        def heads(layer):
            shape = (batch, n, self.num_attention_heads, self.attention_head_size)
            return layer(hidden_states).view(shape).transpose(1, 2)

        queries, keys = self.rotated(heads(self.query)), self.rotated(heads(self.key))
        weights = (queries @ keys.transpose(2, 3) / math.sqrt(self.attention_head_size)).softmax(dim=-1)
        return (weights @ heads(self.value)).transpose(1, 2).reshape(batch, n, width), weights


def wordpiece_vocabulary(folder, lowercase):
    tokenizer = BertWordPieceTokenizer(lowercase=lowercase)
    tokenizer.train_from_iterator([ENGLISH, "cafe naive facade café naïve UPPER ABC"], vocab_size=200, min_frequency=2)
    tokenizer.save_model(folder)
    return os.path.join(folder, "vocab.txt")


def sentencepiece_model(folder, **options):
    """Trained on a few lines, with a small table of replacements instead of the 240 kB of NFKC."""
    corpus, rules = os.path.join(folder, "corpus.txt"), os.path.join(folder, "rules.tsv")
    with open(corpus, "w", encoding="utf-8") as file:
        file.write(ENGLISH)
    if options["model_type"] == "unigram":
        with open(rules, "w", encoding="utf-8") as file:
            for source, target in (("FB01", "66 69"), ("FF21", "41"), ("FF22", "42"), ("9", "20"), ("A", "20")):
                file.write(f"{source}\t{target}\n")
        options["normalization_rule_tsv"] = rules
    else:
        options["normalization_rule_name"] = "identity"
    prefix = os.path.join(folder, "spiece")
    sentencepiece.SentencePieceTrainer.train(
        input=corpus, model_prefix=prefix, character_coverage=1.0, num_threads=1, minloglevel=2, **options
    )
    return prefix + ".model"


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def write_modules(folder, size, pooling, dense, dtype):
    kinds = ["Transformer", "Pooling", *["Dense" for _ in dense], "Normalize"]
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": "" if i == 0 else f"{i}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for i, kind in enumerate(kinds)
    ]
    write_json(os.path.join(folder, "modules.json"), modules)
    flags = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    config = {"word_embedding_dimension": size, **{f"pooling_mode_{flag}": flag.startswith(pooling) and flag != "mean_sqrt_len_tokens" for flag in flags}}
    write_json(os.path.join(folder, "1_Pooling", "config.json"), config)
    for i, layer in enumerate(dense):
        place = os.path.join(folder, f"{i + 2}_Dense")
        config = {
            "in_features": layer.in_features,
            "out_features": layer.out_features,
            "bias": layer.bias is not None,
            "activation_function": "torch.nn.modules.linear.Identity",
        }
        write_json(os.path.join(place, "config.json"), config)
        tensors = {f"linear.{name}": value.to(dtype).contiguous() for name, value in layer.state_dict().items()}
        safetensors.torch.save_file(tensors, os.path.join(place, "model.safetensors"), metadata={"format": "pt"})


def write_expected(folder, model, tokenizer, pooling, dense):
    cases = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        with torch.no_grad():
            output = model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long))
            hidden = output.last_hidden_state[0]
            vector = hidden.mean(dim=0) if pooling == "mean" else hidden[0]
            for layer in dense:
                vector = layer(vector)
            vector = vector / vector.norm()
        cases.append({"text": text, "ids": ids, "vector": [float(f"{x:.12g}") for x in vector.tolist()]})
    write_json(os.path.join(folder, "expected.json"), {"pooling": pooling, "cases": cases})


def dense_layer(inputs, outputs, bias, seed):
    torch.manual_seed(seed)
    return torch.nn.Linear(inputs, outputs, bias=bias)


def start(name):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def finish(folder, model, tokenizer, pooling, dense, dtype, tensors=None, shard="10GB", keep=None):
    """Writes the model in its type, its tokenizer, and what it gives."""
    stored = model if tensors is None else tensors
    # A copy: the type of the model's own buffers must stay what transformers computes with.
    copy.deepcopy(stored).to(dtype).save_pretrained(folder, max_shard_size=shard)
    rounded(stored, dtype)
    for layer in dense:
        rounded(layer, dtype)
    write_modules(folder, model.config.hidden_size, pooling, dense, dtype)
    write_expected(folder, model, tokenizer, pooling, dense)
    tokenizer.save_pretrained(folder)
    for name in os.listdir(folder):
        if name in ("special_tokens_map.json", "spiece.model", "tokenizer.model", "added_tokens.json"):
            os.remove(os.path.join(folder, name))
        if keep is not None and name in ("tokenizer.json", "vocab.txt") and name != keep:
            os.remove(os.path.join(folder, name))


def bert_config(vocabulary, **more):
    return transformers.BertConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=192,
        attn_implementation="eager",
        **more,
    )


def bert():
    """Uncased, with tokenizer.json, a matrix that is larger than the vocabulary, F32."""
    folder = start("bert")
    with tempfile.TemporaryDirectory() as work:
        tokenizer = transformers.BertTokenizerFast(vocab_file=wordpiece_vocabulary(work, True))
    model = transformers.BertModel(bert_config(len(tokenizer) + 3), add_pooling_layer=False)
    draw(model)
    finish(folder, model, tokenizer, "mean", [], torch.float32, keep="tokenizer.json")


def bert_parts():
    """Cased, with vocab.txt alone, names under "bert." beside a head that predicts tokens, in parts, F16, cls."""
    folder = start("bert-parts")
    with tempfile.TemporaryDirectory() as work:
        tokenizer = transformers.BertTokenizerFast(vocab_file=wordpiece_vocabulary(work, False), do_lower_case=False)
    whole = transformers.BertForMaskedLM(bert_config(len(tokenizer)))
    draw(whole)
    finish(folder, whole.bert, tokenizer, "cls", [], torch.float16, tensors=whole, shard="30KB", keep="vocab.txt")


def e5rope():
    """BERT without positions, whose attention rotates, BF16."""
    folder = start("e5rope")
    with tempfile.TemporaryDirectory() as work:
        tokenizer = transformers.BertTokenizerFast(vocab_file=wordpiece_vocabulary(work, True))
    config = bert_config(len(tokenizer))
    model = transformers.BertModel(config, add_pooling_layer=False)
    for layer in model.encoder.layer:
        layer.attention.self = RotatingAttention(config)
    draw(model)
    model.embeddings.position_embeddings.weight.data.zero_()
    finish(folder, model, tokenizer, "mean", [], torch.bfloat16, keep="tokenizer.json")
    path = os.path.join(folder, "model.safetensors")
    tensors = safetensors.torch.load_file(path)
    del tensors["embeddings.position_embeddings.weight"]
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    config_path = os.path.join(folder, "config.json")
    stored = json.load(open(config_path, encoding="utf-8"))
    del stored["position_embedding_type"]
    stored.update(model_type="e5rope", architectures=["E5RopeModel"], rope_theta=10000, rotary_value=False)
    write_json(config_path, stored)
    # as the authors' repository, which is not sentence-transformers'
    os.remove(os.path.join(folder, "modules.json"))
    shutil.rmtree(os.path.join(folder, "1_Pooling"))


def t5(name, feed_forward, dense, dtype):
    folder = start(name)
    with tempfile.TemporaryDirectory() as work:
        model_file = sentencepiece_model(
            work, model_type="unigram", vocab_size=150, pad_id=0, eos_id=1, unk_id=2, bos_id=-1
        )
        tokenizer = transformers.T5TokenizerFast(vocab_file=model_file, extra_ids=4, add_prefix_space=True)
    config = transformers.T5Config(
        vocab_size=len(tokenizer) + 6,
        d_model=32,
        d_kv=12,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        feed_forward_proj=feed_forward,
        is_encoder_decoder=False,
        use_cache=False,
    )
    model = transformers.T5EncoderModel(config)
    draw(model)
    for block in model.encoder.block:
        for letter in "qk":
            # logits are not divided by the root of the head's size
            getattr(block.layer[0].SelfAttention, letter).weight.data /= 12**0.25
    finish(folder, model, tokenizer, "mean", dense, dtype, keep="tokenizer.json")


def gemma():
    """EmbeddingGemma's form: bidirectional, windows, two dense layers, BF16."""
    folder = start("gemma")
    with tempfile.TemporaryDirectory() as work:
        model_file = sentencepiece_model(
            work,
            model_type="bpe",
            vocab_size=460,
            byte_fallback=True,
            pad_id=0,
            eos_id=1,
            bos_id=2,
            unk_id=3,
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            user_defined_symbols=["\n\n", "▁▁", "<start_of_turn>"],
        )
        tokenizer = transformers.GemmaTokenizerFast(vocab_file=model_file, add_bos_token=True, add_eos_token=True)
    config = transformers.Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=7,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=16,
        max_position_embeddings=512,
        use_bidirectional_attention=True,
        attn_implementation="eager",
    )
    model = transformers.Gemma3TextModel(config)
    draw(model, embedding_scale=32**-0.5, norm_center=0.0)
    dense = [dense_layer(32, 48, False, 5), dense_layer(48, 32, False, 6)]
    finish(folder, model, tokenizer, "mean", dense, torch.bfloat16, keep="tokenizer.json")
    # transformers writes the window that it computed from the original's
    path = os.path.join(folder, "config.json")
    stored = json.load(open(path, encoding="utf-8"))
    stored["sliding_window"] = 16
    write_json(path, stored)


if __name__ == "__main__":
    torch.manual_seed(1)
    bert()
    bert_parts()
    e5rope()
    t5("gtr", "relu", [dense_layer(32, 24, False, 3)], torch.float32)
    t5("sentence-t5-gated", "gated-gelu", [dense_layer(32, 32, True, 4)], torch.float64)
    gemma()
