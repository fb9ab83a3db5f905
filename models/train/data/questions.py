"""Questions about any sentence, in other words: some of its words stay, some are left out, and some give way to words that
WordNet has near them."""

import re

WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d[\d,.]*\d|\d")
FRAMES = (
    "Which", "What", "Who", "How many", "How", "When did", "Where", "Why", "What happened when", "Which of the", "In which",
    "How long", "What kind of", "By whom was", "On what", "Who was the", "What did the", "What is", "What is said of", "",
)  # fmt: skip
KEPT, REPLACED, DEFINED = 0.42, 0.33, 0.05  # the rest is left out
SHUFFLED = 0.3


class Questions:
    def __init__(self, wordnet, common):
        """common: words that carry little meaning, which stay or go by chance."""
        self.wordnet, self.common = wordnet, common

    def about(self, rng, sentence):
        words = WORD.findall(sentence)
        asked, telling = [], 0
        for word in words:
            low = word.lower()
            if low in self.common:
                if rng.random() < 0.35:
                    asked.append(low)
                continue
            said = self._instead(rng, low)
            telling += said is not None
            if said is not None:
                asked.append(said)
        if telling < 2:  # too little to know the sentence by
            asked = [word for word in words if word.lower() not in self.common][:4] or words[:6]
        if rng.random() < SHUFFLED:
            rng.shuffle(asked)
        longest = rng.randrange(6, 15)
        start = rng.randrange(max(1, len(asked) - longest + 1))
        return f"{rng.choice(FRAMES)} {' '.join(asked[start : start + longest])}?".strip()

    def _instead(self, rng, word):
        """What stands for a word in a question: itself, another word, or None."""
        chance = rng.random()
        if chance < KEPT:
            return word
        others = self.wordnet.others(word)
        if chance < KEPT + REPLACED and others:
            return rng.choice(others)
        if chance < KEPT + REPLACED + DEFINED:
            telling = [other for other in self.wordnet.defining(word) if other not in self.common]
            return " ".join(telling[:3]) or word
        return None if others else word  # a name or a number has no other words: it stays
