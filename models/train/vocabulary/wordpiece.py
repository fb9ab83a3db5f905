"""A lower-case WordPiece vocabulary, for the BERT-family models."""

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from vocabulary.corpus import corpus

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZE = 8192
START, END = "[CLS]", "[SEP]"


def learn():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = [chr(code) for code in range(33, 127)]
    trainer = trainers.WordPieceTrainer(
        vocab_size=SIZE, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    ids = {token: tokenizer.token_to_id(token) for token in (START, END)}
    tokenizer.post_processor = processors.BertProcessing((END, ids[END]), (START, ids[START]))
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def spelled(token):
    if token in SPECIAL:
        return "", False
    return (token[2:], False) if token.startswith("##") and len(token) > 2 else (token, True)


def gguf_tokens(tokenizer):
    """The tokens as llama.cpp stores them: ▁ before a piece that starts a word, nothing before one that continues it."""
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return [
        token if token in SPECIAL else token[2:] if token.startswith("##") else "\u2581" + token for token, _ in by_id
    ]
