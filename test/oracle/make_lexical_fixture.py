"""Computes test/fixtures/lexical.json: PyStemmer's stems of words, and bm25s's scores of texts.

    make_lexical_fixture.py

Needs bm25s==0.2.14 and PyStemmer==3.1.0, with the settings of MTEB's BM25 baseline: English stop words and stemmer, k1 1.5,
b 0.75, Lucene's variant.
"""

import json
import os
import re
from random import Random

import bm25s
import Stemmer

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "fixtures")

# words with rules of their own
SPECIAL = """skis skies idly gently ugly early only singly sky news howe atlas cosmos bias andes dying lying tying trying proceed
exceed succeed inning outing canning herring earring evening past pasted general generous communal arsenal university later
emerged organization international add added egg egging off offing ties cries gas this kiwis agreed feed hoping hopping fixing
rolled geologist biology nation national rational yes boyish syzygy éclair naïvely by""".split()

BEGINNINGS = """gener commun arsen past univers later emerg organ inter proc exc succ inn out even d l t a e o ad egg off yo by
say rap hop snow fix é 12 _""".split()

ENDINGS = """s ed ing ly eed eedly edly ingly ies ied sses us ss tional enci anci abli entli izer ization ational ation ator alism
aliti alli fulness ousli ousness iveness iviti biliti bli ogi ogist fulli lessli li alize icate iciti ical ful ness ative al ance
ence er ic able ible ant ement ment ent ism ate iti ous ive ize sion tion e l ll y ying bb dd tt at bl iz""".split()

TEXTS = [
    "The tenant shall pay the rent on the first day of each month; paying late costs interest.",
    "Rent is due monthly. The landlord may terminate this lease if the tenant's payment is thirty days late.",
    "A landlord's notice must be in writing, and it must be delivered to the tenant (e.g. by post).",
    "Payment, payments, paid, payable: PAYMENT of the rent_due 2024 in 30 days!",
    "Das Mietverhältnis endet; naïve Übersetzung 東京 kündigen.",
    "",
    "to be or not to be",
    "Interest accrues daily at 4.5 % on late rent, rent, rent.",
]

QUERIES = [
    "When must the tenant pay rent?",
    "terminating the lease for late payments",
    "written notice by the landlord",
    "Mietverhältnis kündigen",
    "the and of",
    "rent rent interest",
    "2024 rent_due",
]


def made_words(random, count):
    for _ in range(count):
        word = random.choice(BEGINNINGS) if random.random() < 0.5 else "".join(random.choices("aeiouybcdlmnprstwxz", k=4))
        yield word + "".join(random.choices(ENDINGS, k=random.randint(0, 3)))


def main():
    random = Random(7)
    stemmer = Stemmer.Stemmer("english")
    with open(os.path.join(FIXTURES, "english.txt"), encoding="utf-8") as file:
        english = sorted(set(re.findall(r"[a-z]{5,}", file.read().lower())))
    words = sorted({*SPECIAL, *random.sample(english, min(200, len(english))), *made_words(random, 400)})
    words = [word for word in words if len(word) > 1]

    def tokenized(texts, **options):
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False, **options)

    index = bm25s.BM25()
    index.index(tokenized(TEXTS), show_progress=False)
    scores = []
    for query in QUERIES:
        terms = tokenized([query], return_ids=False)[0]
        found = [float(score) for score in index.get_scores(terms)] if terms else [0.0] * len(TEXTS)
        scores.append({"query": query, "scores": [round(score, 8) for score in found]})
    fixture = {
        "source": f"bm25s {bm25s.__version__}, PyStemmer {Stemmer.version()}: test/oracle/make_lexical_fixture.py",
        "texts": TEXTS,
        "queries": scores,
        "stems": dict(zip(words, stemmer.stemWords(words))),
    }
    with open(os.path.join(FIXTURES, "lexical.json"), "w", encoding="utf-8") as file:
        json.dump(fixture, file, ensure_ascii=False, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
