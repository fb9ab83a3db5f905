"""Writes ../fixtures/wordpiece.json: ids that Hugging Face's tokenizers give with the vocabulary of ggml-vocab-bert-bge.gguf.

    pip install tokenizers==0.23.3 numpy
    python3 test/tokenize/make_wordpiece_fixture.py

For each way to normalize there is a sweep over all code points: for every block of 256 a hash (FNV-1a, 32 bits) over the ids
of "a" + code point + "b", with a full stop between one and the next; and `texts` with their ids.
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "oracle"))
from gguf import GgufFile  # noqa: E402

WAYS = {
    "uncased": dict(lowercase=True, strip_accents=True),
    "cased": dict(lowercase=False, strip_accents=False),
    "lowercase": dict(lowercase=True, strip_accents=False),
}
BLOCK = 256

TEXTS = [
    "한국어", "서울에서", "안녕하세요 세계", "값이 없다", "각 간 갇 갈 감", "ᄀᆞᆫ", "우리는 계약을 2024년 1월에 체결했다.",
    "हिन्दी", "नमस्ते दुनिया", "বাংলা ভাষা", "கற்றது கைம்மண்", "മലയാളം ഭാഷ", "ಕನ್ನಡ", "සිංහල", "ខ្មែរ", "မြန်မာ",
    "ภาษาไทย", "日本語ヴァイオリン ｶﾞ", "大家好我是GPT", "你好，世界。", "Việt Nam", "ÅÄÖ Ǆ İstanbul ẞ ﬁ", "Ὀδυσσεύς ΣΑΣ",
    "ёлка Ёлка й", "שָׁלוֹם עולם", "مُحَمَّد", "e\u0301 a\u0300\u0301 n\u0303", "o\u0302\u0323 o\u0323\u0302",
    "a\u200bb a\u00adb a\ufeffb", "a\u000bb a\u000cb a\u0085b a\u0000b", "x\u3000y\u00a0z\u2009w", "tab\tnew\r\nline",
    "\u2581a \u2581", "##ing [CLS] [SEP]", "don't $100 €5 3.14 ½ ² ①", "👨‍👩‍👧‍👦 💩💩 🇩🇪", "\ufffd\ue000\U000f0000x",
    "\u302e\u1734a\u302f", "a" * 100, "a" * 101, "a" * 5000, "ACGT" * 40, "-" * 300, "한" * 34, "한" * 33 + " 한" * 3,
    "é" * 100, "é" * 101, "", "   ", "\U0001d165\U0001d16e", "＂full＂ ｗｉｄｔｈ", "〈角〉、「鉤」", "\u037e \u1fef \u2000",
]


def tokenizer(vocabulary, way):
    made = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = BertNormalizer(clean_text=True, handle_chinese_chars=True, **way)
    made.pre_tokenizer = BertPreTokenizer()
    return made


def hugging_face_vocabulary(path):
    """GGUF marks pieces that start a word with U+2581; BERT's vocabulary marks the others with ##."""
    words = {}
    for index, token in enumerate(GgufFile(path).metadata["tokenizer.ggml.tokens"]):
        special = token.startswith("[") and token.endswith("]")
        text = token if special else token[1:] if token.startswith("\u2581") else f"##{token}"
        words[text] = index
    return words


def fnv1a(numbers):
    state = 0x811C9DC5
    for number in numbers:
        for shift in (0, 8, 16, 24):
            state = ((state ^ (number >> shift & 0xFF)) * 0x01000193) & 0xFFFFFFFF
    return f"{state:08x}"


def sweep(made):
    hashes = []
    for first in range(0, 0x110000, BLOCK):
        texts = [f"a{chr(c)}b" for c in range(first, first + BLOCK) if not 0xD800 <= c < 0xE000]
        hashes.append(fnv1a(made.encode(" . ".join(texts), add_special_tokens=False).ids))
    return hashes


def run_lengths(hashes):
    found = []
    for value in hashes:
        if found and found[-1][0] == value:
            found[-1][1] += 1
        else:
            found.append([value, 1])
    return found


def random_texts(count):
    """Words of letters from many scripts, with marks, punctuation and white space between."""
    rng = random.Random(7)
    alphabets = [(0x61, 0x7A), (0x41, 0x5A), (0xC0, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x45F), (0x590, 0x5FF),
                 (0x620, 0x65F), (0x900, 0x97F), (0x980, 0x9FF), (0xB80, 0xBFF), (0xE00, 0xE4F), (0x1100, 0x11FF), (0x1E00, 0x1EFF),
                 (0x2000, 0x206F), (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xD7A3), (0xF900, 0xFA2F), (0xFF00, 0xFFEF),
                 (0x20, 0x40), (0x1D165, 0x1D172), (0x1F600, 0x1F64F)]
    texts = []
    for _ in range(count):
        low, high = rng.choice(alphabets)
        other = rng.choice(alphabets)
        texts.append("".join(chr(rng.randint(*((low, high) if rng.random() < 0.7 else other))) for _ in range(rng.randint(1, 24))))
    return texts


def main():
    vocabulary = hugging_face_vocabulary(ROOT / "vendor/llama.cpp/models/ggml-vocab-bert-bge.gguf")
    texts = TEXTS + random_texts(150)
    ways = {}
    for name, way in WAYS.items():
        made = tokenizer(vocabulary, way)
        ids = [encoded.ids for encoded in made.encode_batch(texts, add_special_tokens=False)]
        ways[name] = {**way, "sweep": run_lengths(sweep(made)), "ids": ids}
    text = json.dumps({"block": BLOCK, "texts": texts, "ways": ways}, ensure_ascii=True, separators=(",", ":"))
    (ROOT / "test/fixtures/wordpiece.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
