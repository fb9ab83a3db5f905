"""Learns one of the two vocabularies, and writes its tokenizer.json into models/. Models that are already trained need the old one.

    python models/train/learn_vocabulary.py wordpiece
"""

import argparse

from vocabulary.vocabulary import KINDS, file_of


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kind", choices=sorted(KINDS))
    kind = options.parse_args().kind
    KINDS[kind].learn().save(str(file_of(kind)), pretty=False)


if __name__ == "__main__":
    main()
