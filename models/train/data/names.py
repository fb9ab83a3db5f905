"""Invented names, composed of syllables, so that a model sees far more names than it could memorize and has to represent
a name by its word pieces.

`python -m data.names` rewrites lists/first-names.txt, lists/last-names.txt and lists/places.txt. Names in the benchmark's
test items and all words of its lists are excluded (test/models/disjoint.test.ts asserts it).
"""

import random
import re

from data.lists import LISTS, REPOSITORY, read_words

ONSETS = (
    "b c d f g h j k l m n p r s t v w z br ch cl cr dr fr gl gr kh kr ph pr sh sl st th tr wh " "b d h j k l m n r s t"
).split()
VOWELS = "a e i o u a e i o a e ai ea ee ia ie io oa oo ou y au".split()
CODAS = "n r l s m d t k nd rd rk ll lt nn ss st th x ck".split()
FIRST_ENDINGS = (
    "a ia ina ella ette iel en an on o us is ara ora elle ika iah ey ie y wyn ric mund bert win ana issa olin ette iska"
).split()
LAST_ENDINGS = (
    "son sen ton ley man berg stein wood field ford well worth ham by er ner ler ski sky ov ova enko ez es ini elli ano "
    "etti oux ard ault mann hardt sson dottir ides akis ian yan ura moto awa shima"
).split()
PLACE_ENDINGS = (
    "ville ton burg port field ford mouth bury haven dale wick ham stad grad poli mere minster ia ora una istan land "
    "shire brook cliff gate moor holm vik"
).split()
COUNTS = {"first-names": 4000, "last-names": 6000, "places": 3000}
SEED = 11


def syllable(rng, closed):
    return rng.choice(ONSETS) + rng.choice(VOWELS) + (rng.choice(CODAS) if closed else "")


def stem(rng, syllables):
    start = rng.choice(VOWELS[:5]) + rng.choice(CODAS[:8]) if rng.random() < 0.12 else ""
    return start + "".join(syllable(rng, rng.random() < 0.35) for _ in range(syllables))


def coin(rng, endings, ending_chance):
    if rng.random() < ending_chance:
        return stem(rng, rng.choice((1, 1, 2))) + rng.choice(endings)
    return stem(rng, rng.choice((2, 2, 3)))


def benchmark_words():
    """Every word in the benchmark's synthetic lists, in lower case."""
    words = set()
    for path in sorted((REPOSITORY / "bench/tasks/synthetic/data").glob("*.json")):
        words.update(re.findall(r"[a-z]+", path.read_text(encoding="utf-8").lower()))
    return words


def coin_names():
    rng = random.Random(SEED)
    taken = benchmark_words()
    for name in ("nouns", "verbs", "adjectives", "function-words", "common-words", "synonyms"):
        taken.update(read_words(name))
    lists = {}
    for name, endings, chance in (
        ("first-names", FIRST_ENDINGS, 0.6),
        ("last-names", LAST_ENDINGS, 0.7),
        ("places", PLACE_ENDINGS, 0.75),
    ):
        made = []
        while len(made) < COUNTS[name]:
            word = coin(rng, endings, chance)
            if 3 <= len(word) <= 11 and word not in taken:
                taken.add(word)
                made.append(word.capitalize())
        lists[name] = made
    return lists


if __name__ == "__main__":
    for name, words in coin_names().items():
        (LISTS / f"{name}.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
