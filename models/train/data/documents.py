"""Documents of token ids: facts at random places in filler, cut to a number of tokens."""

from data import text


class Filler:
    """An endless cycle of sentences; a document is a stretch of it."""

    def __init__(self, encode, sentences):
        self.sentences = [(encode(" " + said), encode(said)) for said in sentences]

    def stretch(self, rng, length, start=None):
        """(ids, places): `length` ids from sentence `start` on, and the places where a fact may be inserted."""
        index = rng.randrange(len(self.sentences)) if start is None else start
        ids, places = [], [0]
        while len(ids) < length:
            spaced, bare = self.sentences[index % len(self.sentences)]
            ids += spaced if ids else bare
            places.append(len(ids))
            index += 1
        return ids[:length], [place for place in places if place <= length]


def choose_filler(world, encode, weights, statements):
    """(filler, start) of a batch: start is None if each document has its own start; `statements` are facts of others."""
    rng = world.rng
    kind = rng.choices(("paper", "loop", "shared", "same", "own"), weights)[0]
    if kind == "paper":
        return Filler(encode, text.paper_filler()), rng.choice((0, None))
    count = {"loop": rng.randrange(2, 7), "shared": 50, "same": 30, "own": 150}[kind]
    sentences = [text.sentence(world) for _ in range(count)] + (statements if kind != "loop" else [])
    rng.shuffle(sentences)
    return Filler(encode, sentences), rng.randrange(count) if kind == "same" else None


def document(rng, filler, start, facts, capacity):
    """Facts (lists of ids: with a space before, and without) in filler, `capacity` ids in all unless a fact is longer."""
    room = max(0, capacity - sum(len(spaced) for spaced, _ in facts))
    ids, places = filler.stretch(rng, room, start)
    if len(facts) > 0 and rng.random() < 0.1:
        places = [len(ids)]  # the very end
    chosen = sorted((rng.choice(places) for _ in facts), reverse=True)
    for place, (spaced, bare) in zip(chosen, facts, strict=True):
        ids[place:place] = spaced if place else bare
    return ids


def windowed(rng, ids, chance=0.25):
    """Some documents begin in the middle of a sentence, as the later windows of a long text do."""
    return ids[rng.randrange(1, 12) :] if len(ids) > 40 and rng.random() < chance else ids
