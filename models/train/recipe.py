"""The recipe, the same for all three models, which differ in the network, the vocabulary and the pooling."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stage:
    """A part of the training: documents of `shortest` to `longest` tokens, with probability `full` the longest."""

    steps: int
    shortest: int
    longest: int
    batch: int
    full: float = 0.0


@dataclass(frozen=True)
class Recipe:
    seed: int = 1
    # Short texts first: cheap, and with many negatives. Then every length up to the native context.
    stages: tuple = field(
        default=(
            Stage(steps=24, shortest=20, longest=48, batch=48),
            Stage(steps=12, shortest=32, longest=112, batch=24),
            Stage(steps=8, shortest=64, longest=256, batch=12, full=0.4),
        )
    )
    peak_rate: float = 5e-4
    last_rate: float = 1e-5
    words_rate: float = 0.0  # of the rate, for the tokens' vectors, which stay as they start
    warm_up: int = 8
    weight_decay: float = 0.01
    clip: float = 1.0
    first_scale: float = 20.0  # 1 / temperature; learned
    max_scale: float = 60.0

    @property
    def steps(self):
        return sum(stage.steps for stage in self.stages)
