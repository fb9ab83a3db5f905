"""WordNet 3.0 from Debian's package wordnet-base: definitions and examples as sentences, and the words that may stand for another.

The package is downloaded once with apt-get into a folder, and read from there. What names somebody or something in the
benchmark, or shares a run of words with one of its facts, is left out.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.lists import REPOSITORY, benchmark_names

PACKAGE = "wordnet-base"
PARTS = ("noun", "verb", "adj", "adv")
SENSES = 2  # of a word's meanings only the most frequent ones lend it other words
RUN = 4  # words in a row that a sentence may not share with a fact of the benchmark
SHORTEST, LONGEST = 5, 32  # words of a sentence
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Synset:
    words: tuple
    above: tuple  # keys of more general synsets, of similar ones, and of derived forms
    definition: str
    examples: tuple


def folder_of(cache_folder):
    """The folder of WordNet's files; fetches the package if it is not there."""
    found = Path(cache_folder) / "usr/share/wordnet"
    if not found.is_dir():
        Path(cache_folder).mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", PACKAGE], cwd=cache_folder, check=True)
        package = next(Path(cache_folder).glob(f"{PACKAGE}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, cache_folder], check=True)
    return found


class WordNet:
    def __init__(self, cache_folder):
        folder = folder_of(cache_folder)
        self.synsets, self.senses, self.bases = {}, {}, {}
        for part in PARTS:
            for line in _lines(folder / f"data.{part}"):
                self._read_synset(part, line)
            for line in _lines(folder / f"index.{part}"):
                fields = line.split()
                count = int(fields[2])
                self.senses.setdefault(fields[0], []).extend((part, key) for key in fields[-count:][:SENSES])
            for line in _lines(folder / f"{part}.exc"):
                form, base = line.split()[:2]
                self.bases.setdefault(form, base)

    def _read_synset(self, part, line):
        facts, _, gloss = line.partition(" | ")
        fields = facts.split()
        count = int(fields[3], 16)
        words = tuple(re.sub(r"\(.*\)", "", word) for word in fields[4 : 4 + 2 * count : 2])
        at = 4 + 2 * count
        pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(fields[at]))]
        parts = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
        above = tuple((parts[kind], key) for sign, key, kind, _ in pointers if sign in ("@", "&", "+", "\\"))
        examples = tuple(re.findall(r'"([^"]+)"', gloss))
        definition = gloss.split(';  "')[0].split('; "')[0].strip()
        self.synsets[part, fields[0]] = Synset(words, above, definition, examples)

    def base(self, word):
        """The word as the index has it, or None."""
        for form in (word, self.bases.get(word), *_shortened(word)):
            if form in self.senses:
                return form
        return None

    @cache
    def others(self, word):
        """Single lower-case words that may stand for a word: synonyms, more general words, similar and derived ones."""
        base = self.base(word)
        found = {}
        for key in self.senses.get(base, ()):
            synset = self.synsets[key]
            for near in (synset, *(self.synsets[other] for other in synset.above)):
                for other in near.words:
                    if other.isalpha() and other.islower() and other not in (word, base):
                        found[other] = None
        return tuple(found)

    @cache
    def defining(self, word):
        """The words of the definition of a word's most frequent meaning."""
        base = self.base(word)
        key = next(iter(self.senses.get(base, ())), None)
        return () if key is None else tuple(WORD.findall(self.synsets[key].definition.lower()))

    def sentences(self):
        """Definitions, each with its word, and examples, in the order of the files."""
        allowed = _allowed()
        for synset in self.synsets.values():
            word = synset.words[0].replace("_", " ")
            said = [f"{word[0].upper()}{word[1:]}: {synset.definition}."]
            said += [f"{one[0].upper()}{one[1:]}." for one in synset.examples]
            for sentence in said:
                if SHORTEST <= sentence.count(" ") + 1 <= LONGEST and allowed(sentence):
                    yield sentence


def _lines(path):
    return (line for line in path.read_text(encoding="latin-1").splitlines() if not line.startswith("  "))


def _shortened(word):
    for ending, instead in (
        ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("er", ""), ("est", ""),
        ("ly", ""),
    ):  # fmt: skip
        if word.endswith(ending):
            yield word[: -len(ending)] + instead


def _allowed():
    names = benchmark_names()
    facts = json.loads((REPOSITORY / "bench/tasks/synthetic/data/facts.json").read_text(encoding="utf-8"))
    taken = {run for fact in facts for said in (fact["text"], fact["query"]) for run in _runs(said)}

    def allowed(sentence):
        named = any(word.lower() in names for word in re.findall(r"[A-Z][a-z]+", sentence))
        return not named and taken.isdisjoint(_runs(sentence))

    return allowed


def _runs(said):
    words = WORD.findall(said.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
