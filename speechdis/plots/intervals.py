"""Equal error rates with their intervals, a row a code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speechdis.plots.colours import FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Mark:
    """A rate and the ends of its interval, as shares; `place` is its row, `filled` whether its dot is."""

    place: float
    eer: float
    interval: tuple[float, float]
    colour: str
    filled: bool


def paint_intervals(axes: "Axes", marks: Sequence[Mark], titles: Sequence[str]) -> None:
    """Draw marks, in percent, on rows of these titles from above."""
    for mark in marks:
        low, high = (100 * end for end in mark.interval)
        axes.plot(
            [low, high], [mark.place, mark.place], color=mark.colour, linewidth=1.5, solid_capstyle="butt"
        )
        face = mark.colour if mark.filled else axes.figure.get_facecolor()
        axes.plot(100 * mark.eer, mark.place, "o", color=mark.colour, markerfacecolor=face, markersize=5)
    axes.axvline(50, color=FAINT, linewidth=0.8)
    axes.set_yticks(range(len(titles)), titles)
    axes.set(xlim=(0, 52), ylim=(len(titles) - 0.5, -0.5), xlabel="equal error rate, %; 50 is chance")
    axes.grid(False, axis="y")
