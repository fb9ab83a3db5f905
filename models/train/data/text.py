"""Filling patterns, paraphrasing, and the sentences of the filler."""

import re
from functools import cache

from data.lists import lines, synonyms

SLOT = re.compile(r"\{([a-z]+)(\.\d)?\}")
WORD = re.compile(r"\b[a-z]+\b")


@cache
def patterns():
    return tuple(lines("sentences"))


@cache
def paper_filler():
    return tuple(re.findall(r"[^.]+\.", " ".join(lines("filler")).replace(". ", ".")))


def fill(world, pattern, values):
    """The pattern with its slots filled; `values` keeps the slots' values for the block's other patterns."""

    def value(match):
        slot = match.group(0)[1:-1]
        if slot not in values:
            values[slot] = world.pick(match.group(1))
        return values[slot]

    text = SLOT.sub(value, pattern)
    text = re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)
    text = re.sub(r"\b([Tt]he) the\b", r"\1", text)
    return text[0].upper() + text[1:]


def reword(rng, text, chance):
    """The text with some words replaced by synonyms."""

    def other(match):
        words = synonyms().get(match.group(0))
        return rng.choice(words) if words and rng.random() < chance else match.group(0)

    return WORD.sub(other, text)


def sentence(world, values=None):
    return fill(world, world.rng.choice(patterns()), {} if values is None else values)


def question_about(world, pattern, values):
    """A question about any sentence: with one slot unknown, or with only some of its content."""
    rng = world.rng
    if rng.random() < 0.4:
        hidden = rng.choice(list(values))
        asked = {**values, hidden: rng.choice(("what", "who", "something", "which", "what kind of thing"))}
        text = fill(world, pattern, asked)
    else:
        content = [value for value in values.values() if rng.random() < 0.75] or list(values.values())
        if rng.random() < 0.6:
            rng.shuffle(content)
        start = rng.choice(("what is said about", "which", "what about", "who", "why did", "how did", "where was", "what",
                            "is it true that", "tell me about", "find", "what happened to", ""))  # fmt: skip
        text = f"{start} {rng.choice((' ', ' the ', ' and ')).join(content)}"
    text = text.strip().rstrip(".?")
    return text + rng.choice(("?", "?", ""))
