"""Computes test/fixtures/metrics.json: random rankings and what pytrec_eval and MTEB say of them.

    make_metric_fixtures.py

Needs what requirements.txt lists and mteb==2.26.24, which brings PyTorch with it. MTEB is asked for MRR only, since it
computes that itself; all else it takes from pytrec_eval.
"""

import json
import os
from importlib.metadata import version
from random import Random

import numpy as np
import pytrec_eval
from mteb._evaluators.retrieval_metrics import mrr

FORMAT = 1
FILE = os.path.join(os.path.dirname(__file__), "..", "fixtures", "metrics.json")

CUTS = (1, 3, 5, 10, 20, 100, 1000)
# our name, pytrec_eval's option, its name of the figure
MEASURES = (("ndcg", "ndcg_cut", "ndcg_cut"), ("map", "map_cut", "map_cut"), ("recall", "recall", "recall"), ("precision", "P", "P"))

RELEVANT = (1, 1, 1, 0)
GRADED = (0, 1, 2, 3, 4)


def ids(count):
    return [f"d{i}" for i in range(count)]


def pairs(random, documents, draw):
    """Each document with something drawn, in random order."""
    documents = random.sample(documents, len(documents))
    return {document: draw() for document in documents}


def tied(random, levels=6):
    return lambda: random.randrange(levels) / 10


def case(random, documents, score, grades, queries=6, found=1.0, judged=0.4):
    """Queries q0 … whose rankings hold a share of the documents, another share of which is judged."""
    some = lambda share: [d for d in documents if random.random() < share] or documents[:1]
    names = [f"q{i}" for i in range(queries)]
    rankings = {q: pairs(random, some(found), score) for q in names}
    relevance = {q: pairs(random, some(judged), lambda: random.choice(grades)) for q in names}
    return rankings, relevance


def ties(random):
    return case(random, ids(40), tied(random), RELEVANT, found=0.8)


def no_ties(random):
    return case(random, ids(40), lambda: random.uniform(-1, 1), GRADED, found=0.8)


def ties_in_float32(random):
    """Scores that differ in float64, some of them by less than float32 can tell."""
    steps = (0.0, 1e-12, 1e-10, 3e-9, 3e-8, 1e-7, 1e-6)
    return case(random, ids(40), lambda: 0.7 + random.choice(steps), RELEVANT, queries=10)


def extreme_scores(random):
    """Past what float32 holds on both sides; 0, -0 and what float32 rounds to 0."""
    scores = (1e300, 1e39, 3e38, -1e300, -1e39, -3e38, 0.0, -0.0, 1e-300, -1e-300, 1e-44, 2e-44)
    return case(random, ids(40), lambda: random.choice(scores), RELEVANT, queries=8)


def graded(random):
    return case(random, ids(40), tied(random, 12), GRADED, found=0.7, judged=0.6)


def negative_grades(random):
    return case(random, ids(30), tied(random), (-2, -1, 0, 1, 2, 5), queries=8, judged=0.7)


def missing_queries(random):
    """Queries without judgements or without a ranking are left out; an empty ranking is not the same as none."""
    rankings, relevance = case(random, ids(20), tied(random), GRADED, queries=8)
    del rankings["q0"], rankings["q1"], relevance["q2"]
    relevance["q3"] = {}
    rankings["q4"] = {}
    return rankings, relevance


def beyond_ascii(random):
    """Ids whose order by UTF-16 units is another than by bytes, and ids that others begin with."""
    letters = ("a", "ä", "z", "\u0301", "文", "\ud7ff", "\ue000", "～", "\uffff", "\U00010000", "😀", "\U0010ffff")
    documents = sorted({a + b for a in letters for b in ("", *letters)})
    return case(random, random.sample(documents, 60), tied(random, 3), RELEVANT, queries=8, found=0.9)


def few_documents(random):
    return case(random, ids(4), tied(random, 3), GRADED, queries=8, found=0.6, judged=0.7)


def nothing_relevant(random):
    """Judged documents of grade 0 or less only; or relevant documents that were not found."""
    rankings, relevance = case(random, ids(20), tied(random), (0, -1), queries=6)
    relevance["q0"] = {"elsewhere": 2}
    relevance["q1"] = {"elsewhere": 1, "d3": -1}
    relevance["q2"] = {"elsewhere": 1, "d3": 3}
    return rankings, relevance


def past_the_last_cut(random):
    return case(random, ids(1300), tied(random, 40), RELEVANT, queries=2, found=0.9, judged=0.85)


CASES = (
    ties,
    no_ties,
    ties_in_float32,
    extreme_scores,
    graded,
    negative_grades,
    missing_queries,
    beyond_ascii,
    few_documents,
    nothing_relevant,
    past_the_last_cut,
)


def figures_of(rankings, relevance):
    """Query -> our name of a metric -> its figure."""
    cuts = ",".join(str(cut) for cut in CUTS)
    wanted = {f"{option}.{cuts}" for _, option, _ in MEASURES} | {"success.1", "recip_rank"}
    found = pytrec_eval.RelevanceEvaluator(relevance, wanted).evaluate(rankings)

    # MTEB's searches give it float32 scores; it does not round them itself, as trec_eval does
    shared = sorted(found)
    with np.errstate(over="ignore"):
        rounded = {q: {d: float(np.float32(s)) for d, s in rankings[q].items()} for q in shared}
    by_mteb = mrr(relevance, rounded, CUTS)

    figures = {}
    for index, query in enumerate(shared):
        of = found[query]
        row = {f"{ours}_at_{cut}": of[f"{name}_{cut}"] for ours, _, name in MEASURES for cut in CUTS}
        row |= {f"mrr_at_{cut}": by_mteb[f"MRR@{cut}"][index] for cut in CUTS}
        row["accuracy_at_1"] = of["success_1"]
        # its one figure has no cut: the two agree where the cut does not matter
        if len(rankings[query]) <= CUTS[-1]:
            assert abs(of["recip_rank"] - row[f"mrr_at_{CUTS[-1]}"]) < 1e-12, (query, of["recip_rank"])
        figures[query] = row
    return figures


def main():
    cases = []
    for number, make in enumerate(CASES):
        rankings, relevance = make(Random(number))
        figures = figures_of(rankings, relevance)
        names = list(next(iter(figures.values())))
        cases.append(
            {
                "name": make.__name__.replace("_", " "),
                "rankings": rankings,
                "relevance": relevance,
                "names": names,
                "perQuery": {q: [row[name] for name in names] for q, row in figures.items()},
                "mean": [float(np.mean([row[name] for row in figures.values()])) for name in names],
            }
        )
    versions = {name: version(name) for name in ("pytrec_eval-terrier", "mteb")}
    with open(FILE, "w", encoding="utf-8") as file:
        lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
        file.write(f'{{"format":{FORMAT},"versions":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n')
    print(f"{FILE}: {len(cases)} cases, {os.path.getsize(FILE)} bytes")


if __name__ == "__main__":
    main()
