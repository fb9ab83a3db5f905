"""Learns one of the two vocabularies, and writes its tokenizer.json into models/. Models that are already trained need the old one.

    python models/train/learn_vocabulary.py wordpiece
"""

import argparse

from vocabulary.grow import grow_bytepair, grow_wordpiece
from vocabulary.vocabulary import KINDS, file_of

GROW = {"wordpiece": grow_wordpiece, "bytepair": grow_bytepair}
SIZES = {"wordpiece": 16384, "bytepair": 18432}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kind", choices=sorted(KINDS))
    kind = options.parse_args().kind
    GROW[kind](KINDS[kind].learn(), SIZES[kind]).save(str(file_of(kind)), pretty=False)


if __name__ == "__main__":
    main()
