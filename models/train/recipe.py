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
            Stage(steps=300, shortest=20, longest=48, batch=96),
            Stage(steps=220, shortest=32, longest=112, batch=56),
            Stage(steps=240, shortest=64, longest=256, batch=32, full=0.4),
        )
    )
    peak_rate: float = 2e-3
    last_rate: float = 2e-5
    warm_up: int = 60
    weight_decay: float = 0.01
    clip: float = 1.0
    first_scale: float = 20.0  # 1 / temperature; learned
    max_scale: float = 60.0

    @property
    def steps(self):
        return sum(stage.steps for stage in self.stages)
