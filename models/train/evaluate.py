"""Held-out retrieval: 50 questions, 100 documents, with names and kinds of facts that are not in the training data."""

import random

import torch
from torch.nn import functional

from data.batches import Batches, PREFACE
from data import items, text
from data.documents import Filler, choose_filler, document
from data.world import World
from network.build import vectors
from network.shape import NATIVE

QUESTIONS, DOCUMENTS = 50, 100


@torch.no_grad()
def pooled(model, vocabulary, documents, windows):
    """Vectors of documents; with `windows`, long ones are cut into native windows and their vectors averaged."""
    if not windows:
        return torch.cat([vectors(model, vocabulary, documents[i : i + 25], NATIVE) for i in range(0, len(documents), 25)])
    size = NATIVE - 2
    found = []
    for ids in documents:
        starts = [*range(0, max(1, len(ids) - size), size)]
        if len(ids) > size:
            starts[-1:] = [starts[-1], len(ids) - size] if starts[-1] != len(ids) - size else [starts[-1]]
        found.append(vectors(model, vocabulary, [ids[start : start + size] for start in starts], NATIVE).mean(0))
    return torch.stack(found)


def test_set(vocabulary, kind, tokens, seed):
    """(questions, documents) of ids; document i answers question i."""
    rng = random.Random(seed)
    batches = Batches(vocabulary, seed, held_out=True)
    world = World(rng, 100, held_out=True)
    if kind == "passkey":
        made = items.passkeys(world, DOCUMENTS, ["passkey"])
        filler, start = Filler(batches.encode, text.paper_filler()), 0
        preface = batches.encode(PREFACE)
    else:
        made = items.facts(world, DOCUMENTS, items.fact_kinds(True))
        filler, start = choose_filler(World(rng, 100, True), batches.encode, (0, 0, 0, 1, 0), [])
        preface = []
    documents = []
    for said, _, _ in made:
        fact = (batches.encode(" " + said), batches.encode(said))
        documents.append(preface + document(rng, filler, start, [fact], tokens - 2 - len(preface)))
    return vocabulary.encode_many([question for _, question, _ in made[:QUESTIONS]]), documents


def accuracy(model, vocabulary, kind, tokens, seeds=(1, 2), windows=False):
    right = 0
    for seed in seeds:
        questions, documents = test_set(vocabulary, kind, tokens, seed)
        asked = functional.normalize(pooled(model, vocabulary, questions, False), dim=-1)
        stored = functional.normalize(pooled(model, vocabulary, documents, windows), dim=-1)
        right += int(((asked @ stored.T).argmax(1) == torch.arange(len(asked))).sum())
    return right / (QUESTIONS * len(seeds))


def report(model, vocabulary, lengths=(64, 128, 256), windows=()):
    model.eval()
    scores = {}
    for kind in ("passkey", "needle"):
        for tokens in lengths:
            scores[f"{kind} {tokens}"] = accuracy(model, vocabulary, kind, tokens)
        for tokens in windows:
            scores[f"{kind} {tokens} pcw"] = accuracy(model, vocabulary, kind, tokens, seeds=(1,), windows=True)
    model.train()
    return scores
