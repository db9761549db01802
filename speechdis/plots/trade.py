"""What swaps cost of the words for what they bring of the voice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.plots.colours import FAINT
from speechdis.plots.themed import write_themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WANTED = (65, 20)  # %: at least so many voices with at most so many wrong phonemes


@dataclass(frozen=True)
class Trail:
    """Kinds of swaps, joined in their order.

    Attributes:
        voices: % heard as the wanted one, of each kind.
        phonemes: % wrong.
        labels: beside each; "" for none.
        colour: of all.
    """

    voices: Sequence[float]
    phonemes: Sequence[float]
    labels: Sequence[str]
    colour: str


def paint_trade(axes: "Axes", trails: Iterable[Trail]) -> None:
    """Draw trails, and the corner of `WANTED`; best is right below."""
    for trail in trails:
        axes.plot(trail.voices, trail.phonemes, "o-", color=trail.colour, markersize=4, linewidth=1)
        for x, y, label in zip(trail.voices, trail.phonemes, trail.labels, strict=True):
            right = x < 65  # of labels, so that they stay inside
            axes.annotate(
                label,
                (x, y),
                xytext=(5 if right else -5, 3),
                textcoords="offset points",
                ha="left" if right else "right",
                color=trail.colour,
                fontsize=7,
                parse_math=False,
            )
    axes.set(
        xlim=(-3, 103),
        ylim=(0, 100),
        xlabel="heard as A, % of swaps",
        ylabel="phonemes wrong, % of B's recording",
    )
    axes.fill_between([WANTED[0], 103], 0, WANTED[1], color=FAINT, alpha=0.25, linewidth=0)


def write_trade(folder: Path, name: str, trails: Sequence[Trail], size: tuple[int, int] = (560, 400)) -> None:
    """Write FOLDER/NAME-light.svg and -dark.svg, of `size` CSS pixels."""
    write_themed(folder, name, lambda axes: paint_trade(axes, trails), size)
