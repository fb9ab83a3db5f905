"""The vectors that tokens start with: a meaning (what the teacher says of the word) and a code of the token's own (drawn at
random, so that a word finds itself), the longer the rarer the word is in English.

A text's vector is then a sum in which a rare word counts fully and a common one hardly, as BM25 has it.
"""

import torch
from torch.nn import functional
from wordfreq import word_frequency

MEANING = 256  # of the teacher's 384 principal components
CODE = 1.4  # length of the code beside a meaning of length 1
# A word of this frequency has 2 ** -SHARPNESS of the length of one that never occurs.
HALF, SHARPNESS = 5e-5, 1.5
PIECE, CHARACTER = 0.6, 0.2  # lengths of pieces of words, and at most of single characters
NO_WORD = 1e-7  # what is rarer than this begins words and is none
SEED = 0


def first_words(vocabulary, teacher, dimensions):
    """(tokens, dimensions), each of a length from 0 to 1."""
    spelled = vocabulary.spelled()
    draw = torch.Generator().manual_seed(SEED)
    codes = functional.normalize(torch.randn(len(spelled), dimensions, generator=draw), dim=-1)
    whole = torch.tensor([i for i, (word, begins) in enumerate(spelled) if begins and len(word) > 1 and word.isalpha()])
    meaning = meanings(teacher.vectors([spelled[i][0] for i in whole]), min(MEANING, dimensions))
    turn = torch.linalg.qr(torch.randn(dimensions, dimensions, generator=draw))[0]  # spreads them over all dimensions
    codes[whole] = functional.normalize(meaning @ turn[: meaning.shape[1]] + CODE * codes[whole], dim=-1)
    lengths = torch.tensor([length(word, begins) for word, begins in spelled])
    lengths[[vocabulary.start, vocabulary.end]] = 0.0  # they are in every text
    return codes * lengths[:, None]


def meanings(vectors, components):
    """The teacher's vectors in as many principal components, all of one size, so that the first do not drown the others."""
    centred = vectors - vectors.mean(0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(centred))
    kept = directions[:, -components:] / variances[-components:].clamp(min=1e-4).sqrt()
    return functional.normalize(centred @ kept, dim=-1)


def length(word, begins):
    if not word:
        return CHARACTER  # [UNK]: a text of nothing else has a vector as well
    frequency = word_frequency(word, "en")
    rare = (HALF / (HALF + frequency)) ** SHARPNESS
    if len(word) == 1:
        return min(CHARACTER, rare)
    return rare if begins and frequency > NO_WORD else PIECE
