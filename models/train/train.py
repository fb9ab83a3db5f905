"""Makes one of the three shipped models, and writes it; with --scale, trains it further before that.

    python models/train/train.py --model mini-rope --output models/mini-rope.gguf

--checkpoint keeps the F32 weights for check.py.
"""

import argparse
import random
import time
from dataclasses import replace
from pathlib import Path

import torch
from wordfreq import top_n_list

from data.batches import Batches
from data.lists import REPOSITORY
from data.questions import Questions
from data.wordnet import WordNet
from evaluate import report
from export import export
from loss import Contrast
from network.build import build, count, vectors
from network.shape import MEANT, NATIVE, SHAPES
from recipe import Recipe
from schedule import lengths, rate
from teacher import Teacher
from vocabulary.vocabulary import Vocabulary
from words import first_words

CACHE = REPOSITORY / ".cache/train"
REPORT_EVERY = 10
REPORTED = (128,)  # tokens
COMMON = 150  # of the most common words say little about a sentence


def optimizer_of(model, contrast, recipe):
    named = dict(model.named_parameters())
    words = [named.pop("token_embd.weight")]
    matrices = [weights for name, weights in named.items() if weights.ndim == 2 and "embd" not in name]
    others = [weights for name, weights in named.items() if weights.ndim != 2 or "embd" in name]
    groups = [
        {"params": words, "weight_decay": 0.0, "share": recipe.words_rate},
        {"params": matrices, "weight_decay": recipe.weight_decay, "share": 1.0},
        {"params": others + list(contrast.parameters()), "weight_decay": 0.0, "share": 1.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.98), fused=True)


def train(shape, vocabulary, recipe, cache, log):
    torch.manual_seed(recipe.seed)
    model = build(shape, first_words(vocabulary, Teacher(cache), MEANT), vocabulary.end)
    if recipe.steps == 0:
        return model
    wordnet = WordNet(cache)
    dictionary = tuple(wordnet.sentences()), Questions(wordnet, frozenset(top_n_list("en", COMMON)))
    batches = Batches(vocabulary, recipe.seed, dictionary=dictionary)
    contrast = Contrast(recipe.first_scale, recipe.max_scale)
    optimizer = optimizer_of(model, contrast, recipe)
    log(f"held out at the start: {report(model, vocabulary, lengths=REPORTED)}")
    log(f"{shape.name}: {count(model):,} weights, {recipe.steps} steps")
    started, seen, sums = time.time(), 0, {}
    for step, (size, tokens) in enumerate(lengths(recipe, random.Random(recipe.seed))):
        batch = batches.make(size, tokens - 2)
        for group in optimizer.param_groups:
            group["lr"] = group["share"] * rate(recipe, step)
        questions = vectors(model, vocabulary, batch.questions, NATIVE)
        documents = vectors(model, vocabulary, batch.documents, NATIVE)
        loss, right = contrast(questions, documents)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()

        seen += sum(map(len, batch.documents)) + sum(map(len, batch.questions))
        total = sums.setdefault(batch.kind, [0, 0.0, 0.0])
        for i, value in enumerate((1, loss.item(), right)):
            total[i] += value
        if (step + 1) % REPORT_EVERY == 0:
            means = ", ".join(f"{kind} {loss / n:.2f} {right / n:.0%}" for kind, (n, loss, right) in sorted(sums.items()))
            spent = time.time() - started
            scale = contrast.log_scale.exp().item()
            log(f"step {step + 1} {spent:.0f} s {seen / spent:.0f} tokens/s scale {scale:.0f}: {means}")
            sums = {}
    log(f"trained in {(time.time() - started) / 60:.1f} minutes on {seen:,} tokens")
    return model


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", choices=sorted(SHAPES), required=True)
    options.add_argument("--output", type=Path, required=True)
    options.add_argument("--checkpoint", type=Path, help="also write the F32 weights here")
    options.add_argument("--cache", type=Path, default=CACHE, help="where WordNet and the teacher are kept")
    options.add_argument("--threads", type=int, default=1, help="more than one helps only on an idle machine")
    options.add_argument("--scale", type=float, default=0.0, help="a factor on the recipe's steps; what ships has none")
    chosen = options.parse_args()

    torch.set_num_threads(chosen.threads)
    shape, recipe = SHAPES[chosen.model], Recipe()
    stages = tuple(replace(stage, steps=round(stage.steps * chosen.scale)) for stage in recipe.stages)
    recipe = replace(recipe, stages=stages)
    vocabulary = Vocabulary(shape.vocabulary)
    model = train(shape, vocabulary, recipe, chosen.cache, lambda line: print(line, flush=True))
    print(f"held out at the end: {report(model, vocabulary, lengths=REPORTED)}", flush=True)
    if chosen.checkpoint:
        torch.save(model.state_dict(), chosen.checkpoint)
    export(model, shape, vocabulary, chosen.output)


if __name__ == "__main__":
    main()
