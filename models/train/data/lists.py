"""The word lists in lists/*.txt, and the most common English words."""

import re
from functools import cache
from pathlib import Path

from wordfreq import top_n_list

ENGLISH = 20000
LISTS = Path(__file__).parent / "lists"
REPOSITORY = Path(__file__).parents[3]

IRREGULAR_ING = {"be": "being", "lie": "lying", "tie": "tying", "die": "dying", "see": "seeing", "flee": "fleeing"}
DOUBLED = set(
    "stop plan drop grab beg rob drag trap hop get put let run set sit cut win swim dig shut hit begin forget quit spin "
    "bet bat wrap skip grip tug jog spot submit admit prefer refer occur forbid permit tip hug nap chat chop ship".split()
)


def lines(name):
    text = (LISTS / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def read_words(name):
    """The list's words, each once, in order; "write:wrote" gives "write"."""
    return tuple(dict.fromkeys(word.partition(":")[0] for line in lines(name) for word in line.split()))


def benchmark_names():
    """Every name in the benchmark's synthetic tasks, in lower case: names of people, and capitalized words in its facts."""
    folder = REPOSITORY / "bench/tasks/synthetic/data"
    people, facts = ((folder / f"{name}.json").read_text(encoding="utf-8") for name in ("names", "facts"))
    found = re.findall(r"[A-Z][a-z]+", people) + re.findall(r"(?<=[a-z,;-] )[A-Z][a-z]+|(?<=-)[A-Z][a-z]+", facts)
    # "Fact", "Family" and "Given" stood in the code around the lists when the shipped models were trained.
    return {name.lower() for name in found} | {"fact", "family", "given"}


@cache
def english():
    """Words of three letters or more, the most common first, without the benchmark's names."""
    names = benchmark_names()
    words = top_n_list("en", ENGLISH)
    return tuple(word for word in words if word.isalpha() and word.isascii() and len(word) > 2 and word not in names)


def plural(noun):
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def past(verb):
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in DOUBLED else "") + "ed"


def ing(verb):
    if verb in IRREGULAR_ING:
        return IRREGULAR_ING[verb]
    if verb.endswith("e"):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if verb in DOUBLED else "") + "ing"


@cache
def verbs():
    """(base, past, -ing, -s) of every verb."""
    forms = {}
    for line in lines("verbs"):
        for word in line.split():
            base, _, irregular = word.partition(":")
            third = {"have": "has", "be": "is", "do": "does", "go": "goes"}.get(base) or plural(base)
            forms[base] = (base, irregular or past(base), ing(base), third)
    return tuple(forms.values())


@cache
def synonyms():
    """word → the other words of its groups."""
    groups = {}
    for line in lines("synonyms"):
        words = line.split()
        for word in words:
            groups.setdefault(word, []).extend(other for other in words if other != word)
    return groups
