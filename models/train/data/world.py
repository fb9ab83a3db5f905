"""A small invented world: the pools from which facts draw their people, places and things.

A pool is made for each batch. Small pools give hard negatives: the same name with another attribute, the same attribute
with another name. In an open world any English word may take the place of a noun, a verb or an adjective: sentences
lose their meaning, and a model has to find a fact by whatever words it shares with a question.
"""

from functools import cache

from data.lists import english, read_words, verbs

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HELD_OUT = 10  # every tenth name is for evaluation only

COLORS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "gray", "crimson",
          "scarlet", "turquoise", "teal", "indigo", "maroon", "beige", "golden", "cyan")  # fmt: skip


@cache
def names(kind, held_out):
    words = read_words(kind)
    return [word for i, word in enumerate(words) if (i % HELD_OUT == 0) == held_out]


class World:
    """`world.pick("person")` gives one of the batch's people; kinds without a pool are drawn freely."""

    POOLED = ("person", "first", "place", "org", "thing", "noun", "title", "animal", "field")

    def __init__(self, rng, size, held_out=False, is_open=False):
        self.rng = rng
        self.is_open = is_open
        self.firsts = rng.sample(names("first-names", held_out), max(2, size))
        self.lasts = rng.sample(names("last-names", held_out), max(2, size))
        self.towns = names("places", held_out)
        if size < 16 and rng.random() < 0.5:  # people who share one of their names
            few = max(2, size // 3)
            self.firsts, self.lasts = self.firsts[: few + 1], self.lasts[: few + 2]
        self.pools = {kind: [getattr(self, kind)() for _ in range(size)] for kind in self.POOLED}

    def pick(self, kind):
        if kind in self.pools:
            return self.rng.choice(self.pools[kind])
        return getattr(self, kind)()

    def choice(self, *options):
        return self.rng.choice(options)

    def word(self, name):
        return self.rng.choice(english() if self.is_open else read_words(name))

    def noun_from(self, first, last):
        """A noun from one stretch of the list, in which nouns of a kind are adjacent."""
        if self.is_open:
            return self.rng.choice(english())
        nouns = read_words("nouns")
        return nouns[self.rng.randrange(nouns.index(first), nouns.index(last))]

    def verb_form(self, form):
        return self.rng.choice(english()) if self.is_open else self.rng.choice(verbs())[form]

    # pools

    def person(self):
        rng, kind = self.rng, self.rng.random()
        first, last = rng.choice(self.firsts), rng.choice(self.lasts)
        if kind < 0.8:
            return f"{first} {last}"
        if kind < 0.86:
            return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        if kind < 0.92:
            return f"{first} {last}-{rng.choice(self.lasts)}"
        return f"{self.choice('Dr.', 'Mr.', 'Mrs.', 'Professor', 'Captain', 'Judge', 'Aunt', 'Uncle')} {last}"

    def first(self):
        return self.rng.choice(self.firsts)

    def place(self):
        town = self.rng.choice(self.towns)
        return town if self.rng.random() < 0.7 else self.choice(
            f"Lake {town}", f"Mount {town}", f"the {town} valley", f"{town} Island", f"Port {town}", f"the {town} river",
            f"the {town} desert", f"the {town} district")  # fmt: skip

    def org(self):
        kind = self.choice("Museum", "Library", "Institute", "Company", "Bank", "Hotel", "Theater", "College", "Club",
                           "Society", "Hospital", "Railway", "Brewery", "Observatory", "Foundation", "Orchestra",
                           "Laboratories", "Software", "Foods", "Airlines", "Court", "Council", "Archive")  # fmt: skip
        return f"the {self.choice(self.rng.choice(self.towns), self.word('nouns').capitalize())} {kind}"

    def thing(self):
        return f"{self.word('adjectives')} {self.word('nouns')}"

    def noun(self):
        return self.word("nouns")

    def title(self):
        form = self.choice("The {a} {n}", "{n} and {m}", "The {n} of {p}", "A {n} for {p}", "The {n} under the {m}")
        return form.format(a=self.word("adjectives"), n=self.word("nouns"), m=self.word("nouns"),
                           p=self.rng.choice(self.towns)).title()  # fmt: skip

    def animal(self):
        return self.noun_from("dog", "feather")

    def field(self):
        return self.choice("chemistry", "physics", "history", "geology", "medicine", "law", "music", "cooking", "biology",
                           "astronomy", "engineering", "sailing", "gardening", "poetry", "geography", "economics",
                           "painting", "botany", "football", "chess", "archery", "pottery", "carpentry", "dance",
                           "statistics", "grammar", "photography", "mathematics", "philosophy", "journalism")  # fmt: skip

    # drawn freely

    def adj(self):
        return self.word("adjectives")

    def food(self):
        return self.noun_from("bread", "meal")

    def job(self):
        return self.noun_from("teacher", "house")

    def material(self):
        return self.noun_from("wool", "glue")

    def color(self):
        return self.rng.choice(COLORS)

    def building(self):
        return self.noun_from("house", "city")

    def year(self):
        return str(self.rng.randrange(1400, 2060))

    def day(self):
        return self.rng.choice(DAYS)

    def date(self):
        return f"{self.rng.choice(MONTHS)} {self.rng.randrange(1, 29)}"

    def month(self):
        return self.rng.choice(MONTHS)

    def count(self):
        return self.choice("two", "three", "four", "five", "six", "seven", "eight", "nine", "eleven", "twelve", "fourteen",
                           "twenty", "thirty", "forty", "sixty", "a hundred", str(self.rng.randrange(2, 3000)))  # fmt: skip

    def number(self):
        return str(self.rng.randrange(1, 10 ** self.rng.randrange(2, 7)))

    def code(self):
        if self.rng.random() < 0.7:
            return str(self.rng.randrange(1000, 10 ** self.rng.randrange(4, 8)))
        letters = "".join(self.rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(2))
        return f"{letters}-{self.rng.randrange(100, 99999)}"

    def verb(self):
        return self.verb_form(0)

    def past(self):
        return self.verb_form(1)

    def ing(self):
        return self.verb_form(2)

    def does(self):
        return self.verb_form(3)

    def adverb(self):
        words = read_words("function-words")
        return words[self.rng.randrange(words.index("actually"), words.index("zero"))]
