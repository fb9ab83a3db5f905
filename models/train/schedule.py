"""Learning rate and document lengths by step."""

import math


def rate(recipe, step):
    if step < recipe.warm_up:
        return recipe.peak_rate * (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.last_rate + (recipe.peak_rate - recipe.last_rate) * 0.5 * (1 + math.cos(math.pi * done))


def lengths(recipe, rng):
    """(documents, tokens) of each step."""
    for stage in recipe.stages:
        for _ in range(stage.steps):
            full = rng.random() < stage.full
            yield stage.batch, stage.longest if full else rng.randint(stage.shortest, stage.longest)
