"""A map of voices: near to one another what a model hears alike. Axes have no ticks, as the plane turns."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechdis.plots.colours import COLOURS, FAINT
from speechdis.plots.themed import write_themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 200  # points of a map
MARKS = {"voice": ("o", COLOURS[0]), "words": ("s", COLOURS[1]), "made": ("^", COLOURS[2])}


def write_voices(
    folder: Path,
    points: np.ndarray,
    kinds: Sequence[str],
    labels: Sequence[str],
    now: Sequence[bool],
    size: tuple[int, int],
) -> None:
    """Write FOLDER/voices-light.svg and -dark.svg, of `size` CSS pixels.

    Args:
        points: (N, 2).
        kinds: of `MARKS`, N of them; others are drawn as small dots.
        labels: beside the points, N of them.
        now: which of N stand out; the others are pale.
    """

    def paint(axes: "Axes") -> None:
        for point, kind, label, bright in zip(points, kinds, labels, now, strict=True):
            mark, colour = MARKS.get(kind, (".", FAINT))
            size = 80 if bright else 40
            axes.scatter(
                point[0], point[1], marker=mark, c=colour, s=size, alpha=1 if bright else 0.6, linewidths=0
            )
            axes.annotate(
                label,
                (point[0], point[1]),
                xytext=(7, 4),
                textcoords="offset points",
                parse_math=False,
                fontsize=12,
                fontweight="bold" if bright else "normal",
            )
        reach = max(1e-3, float(np.abs(points).max())) * 1.25
        axes.set(xticks=[], yticks=[], xlim=(-reach, reach), ylim=(-reach, reach))
        axes.spines[:].set_visible(False)
        axes.set_aspect("equal", adjustable="datalim")

    write_themed(folder, "voices", paint, size)
