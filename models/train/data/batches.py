"""Batches: questions and documents, where document i answers question i and further documents answer none. All ids are
content; the model adds its special tokens."""

import random
from dataclasses import dataclass

from data import items, text
from data.documents import Filler, choose_filler, document
from data.world import World

PASSKEY_FILLER = (4, 2.5, 1.5, 1, 1)
NEEDLE_FILLER = (0.5, 1.5, 2, 2, 4)
SENTENCES = 90  # of the filler around a sentence of the dictionary


@dataclass
class Batch:
    questions: list
    documents: list
    kind: str


class Batches:
    def __init__(self, tokenizer, seed, held_out=False, dictionary=None):
        """dictionary: (sentences, Questions), or None for generated text alone."""
        self.rng = random.Random(seed)
        self.sentences, self.questions = dictionary or ((), None)
        self.held_out = held_out
        self.encode_many = tokenizer.encode_many
        self.cache = {}

    def encode(self, said):
        ids = self.cache.get(said)
        if ids is None:
            if len(self.cache) > 20000:
                self.cache.clear()
            ids = self.cache[said] = self.encode_many([said])[0]
        return ids

    def make(self, count, tokens, weights=(0.25, 0.2, 0.05, 0.5)):
        """`count` questions with documents of `tokens` content ids, or as near as the facts allow."""
        rng = self.rng
        kind = rng.choices(("passkey", "needle", "pairs", "dictionary"), weights)[0]
        if kind == "dictionary":
            return self._of_dictionary(count, tokens)
        is_open = rng.random() < 0.5
        world = World(rng, rng.choice((4, 8, 16, 32, 100)), self.held_out, is_open)
        kinds = items.fact_kinds(self.held_out)
        if kind == "pairs":
            made = items.pairs(world, count, items.fact_kinds(False))
            return self._batch(kind, made, [[(said, said)] for said, _, _ in made], None, None, 0)
        if kind == "passkey":
            attributes, _, _ = items.passkey_patterns()
            attributes = rng.sample(attributes, rng.choice((1, 1, 1, 2, 4, 8)))
            made = items.passkeys(world, count + count // 4, attributes)
            chance = rng.choice((0, 0, 0.3))
        else:
            few = rng.sample(kinds, min(len(kinds), rng.choice((2, 4, 8, 50, 50))))
            made = items.facts(world, count + count // 2, few if rng.random() < 0.85 else None)
            chance = rng.choice((0, 0.2, 0.5))
        made, extra = made[:count], made[count:]
        stated = []
        for said, _, _ in made:
            others = [extra.pop()[0]] if extra and rng.random() < chance else []
            stated.append([(said, " " + said)] + [(other, " " + other) for other in others])
        elsewhere = World(rng, rng.choice((30, 100, 300)), self.held_out, is_open)
        distractors = [said for said, _, _ in items.facts(elsewhere, rng.choice((0, 10, 30)), kinds)]
        filler = choose_filler(elsewhere, self.encode, PASSKEY_FILLER if kind == "passkey" else NEEDLE_FILLER, distractors)
        return self._batch(kind, made, stated, filler, tokens, rng.choice((0, 0, max(1, count // 16))))

    def _of_dictionary(self, count, tokens):
        """Sentences of the dictionary, asked about in other words, in generated prose and other sentences of the dictionary."""
        rng = self.rng
        made = [(said, self.questions.about(rng, said), said) for said in rng.sample(self.sentences, count)]
        elsewhere = World(rng, rng.choice((10, 30, 100)), self.held_out)
        share = rng.choice((0.0, 0.2, 0.5, 1.0))
        sentences = [
            rng.choice(self.sentences) if rng.random() < share else text.sentence(elsewhere) for _ in range(SENTENCES)
        ]
        filler = Filler(self.encode, sentences)
        stated = [[(said, " " + said)] for said, _, _ in made]
        return self._batch("dictionary", made, stated, (filler, None), tokens, 0)

    def _batch(self, kind, made, stated, filler, tokens, without_fact):
        rng, lower = self.rng, self.rng.random() < 0.1
        case = str.lower if lower else str
        questions = self.encode_many([case(question) for _, question, _ in made])
        if kind == "pairs":
            return Batch(questions, self.encode_many([case(facts[0][0]) for facts in stated]), kind)
        flat = [case(form) for facts in stated for pair in facts for form in (pair[1], pair[0])]
        ids = iter(self.encode_many(flat))
        preface = self.encode(PREFACE) if kind == "passkey" and rng.random() < 0.5 else []
        documents = []
        for facts in [*stated, *([[]] * without_fact)]:
            pairs = [(next(ids), next(ids)) for _ in facts]
            capacity = tokens - rng.randrange(0, max(1, tokens // 10))
            body = document(rng, filler[0], filler[1], pairs, capacity)
            if preface and len(body) + len(preface) <= tokens:
                body = preface + body
            elif preface and tokens > 100 and len(pairs) > 0:
                shorter = document(rng, filler[0], filler[1], pairs, capacity - len(preface))
                body = preface + shorter
            documents.append(body)
        return Batch(questions, documents, kind)


PREFACE = (
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize it. I will quiz you about "
    "the important information there."
)
