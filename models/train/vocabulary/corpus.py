"""The text from which the vocabularies are learned: every word of the lists in all its forms, and generated names."""

import random

from data import items, text
from data.lists import english, plural, read_words, verbs
from data.world import World

SEED = 5


# Occurrences of a word in the corpus: enough for it to become one token.
FUNCTION, COMMON, NOUN, PLURAL, VERB, FORM = 500, 200, 200, 40, 200, 60
# This many of the most common words become single tokens; the others are composed of several.
WHOLE, WHOLE_WEIGHT = 5500, 100


def words():
    for word in english()[:WHOLE]:
        yield word, WHOLE_WEIGHT
    for word in read_words("function-words"):
        yield word, FUNCTION
    for name in ("common-words", "adjectives", "synonyms"):
        for word in read_words(name):
            yield word, COMMON
    for word in read_words("nouns"):
        yield from ((word, NOUN), (plural(word), PLURAL))
    for base, past, ing, third in verbs():
        yield from ((base, VERB), (past, FORM), (ing, FORM), (third, FORM))


def corpus():
    rng = random.Random(SEED)
    for word, weight in words():
        yield from [" " + word] * weight
        if weight == FUNCTION:  # the words that sentences begin with
            yield from [word.capitalize(), " " + word.capitalize()] * (weight // 5)
    for name in ("first-names", "last-names", "places"):
        for word in read_words(name):
            yield from [" " + word] * 2
    for _ in range(300):
        world = World(rng, 20)
        for statement, question, _ in items.facts(world, 20, items.fact_kinds(False)):
            yield f"{statement} {question}"
        for _ in range(10):
            yield text.sentence(world)
        attributes, _, _ = items.passkey_patterns()
        for statement, question, _ in items.passkeys(world, 10, attributes):
            yield f"{statement} {question}"
    yield from [" ".join(text.paper_filler())] * 50
    yield from (str(number) for number in range(1000))
