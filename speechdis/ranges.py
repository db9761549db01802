"""Which values the settings take: a field of a `Config`, or of `Training`, says so in its type.

`training.config.fill` checks every value that comes from a recipe, from `--set` or from a checkpoint against them.
The limits are wide: they part what may be meant from what cannot be (negative, not a number, beyond any memory).
"""

from typing import Annotated, NamedTuple


class Range(NamedTuple):
    """Both ends are of the range; NaN and infinity are of none."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        """Whether `value` is a number of the range."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def __str__(self) -> str:
        """As in "expected a number from 0 to 1"."""
        return f"from {self.low:.12g} to {self.high:.12g}"


Size = Annotated[int, Range(1, 8192)]  # units, channels or dimensions of a layer
Layers = Annotated[int, Range(1, 64)]
Few = Annotated[int, Range(1, 1000)]  # samples, components or repeats, each of which costs a pass
Count = Annotated[int, Range(1, 10**9)]  # of steps
CountOrNone = Annotated[int, Range(0, 10**9)]  # 0 has a meaning of its own, which the field tells
Weight = Annotated[
    float, Range(0, 1e6)
]  # of a term of a loss; or a margin, in the units of what it holds apart
Positive = Annotated[float, Range(1e-6, 1e6)]  # temperatures and widths
Share = Annotated[float, Range(0, 1)]
NatsOrNone = Annotated[float, Range(0, 1000)]  # 0 has a meaning of its own
CodesOrNone = Annotated[int, Range(0, 65536)]  # 0 has a meaning of its own
Stride = Annotated[int, Range(1, 100)]  # frames
Decibels = Annotated[float, Range(0, 100)]
Rate = Annotated[float, Range(1e-12, 10)]  # of learning
RateOrNone = Annotated[float, Range(0, 10)]  # 0 has a meaning of its own
