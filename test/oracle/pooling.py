"""From the tokens' hidden states to one vector. Special tokens and the prompt count like any other."""

import numpy as np

POOLINGS = ("mean", "cls", "last")


def pool(hidden, how):
    """hidden: (n, dimensions); how: mean, cls (the first token) or last."""
    if how == "mean":
        return hidden.mean(axis=0)
    if how == "cls":
        return hidden[0]
    if how == "last":
        return hidden[-1]
    raise ValueError(f"unknown pooling {how}")


def normalize(vector):
    return vector / np.linalg.norm(vector)
