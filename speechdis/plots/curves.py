"""Curves over training: dotted on the training speakers, solid on the validation speakers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = {"train": ":", "valid": "-"}


@dataclass(frozen=True)
class Curve:
    """A term on one split, "train" or "valid": optimiser steps, and its value at each."""

    split: str
    steps: Sequence[int]
    values: Sequence[float]
    colour: str


def paint_curves(axes: "Axes", curves: Iterable[Curve], unit: str) -> None:
    """Draw curves whose values have this unit; short ones have dots."""
    for c in curves:
        few = "." if len(c.steps) < 20 else None
        axes.plot(c.steps, c.values, LINES[c.split], color=c.colour, marker=few, markersize=4)
    axes.set(xlabel="step", ylabel=unit)
    axes.locator_params(axis="x", nbins=5)
