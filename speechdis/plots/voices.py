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
# Of each kind its mark, its colour, and where its label stands (points): made voices lie near A, so on the other side.
MARKS = {
    "voice": ("o", COLOURS[0], (8, -4)),
    "words": ("s", COLOURS[1], (8, -4)),
    "made": ("^", COLOURS[2], (-8, 5)),
}


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
        now: which of N stand out; the others are pale, and not seen where they lie more than twice as far out.
    """

    bright = np.asarray(now, bool)
    wide = size[0] / size[1]
    away = np.abs(points / (wide, 1)).max(1)  # one scale for both axes
    reach = 1.25 * max(1e-3, min(away.max(), 2 * away[bright].max(initial=0) or np.inf))

    def paint(axes: "Axes") -> None:
        for (x, y), kind, label, shown in zip(points, kinds, labels, bright, strict=True):
            mark, colour, beside = MARKS.get(kind, (".", FAINT, (8, -4)))
            alpha, area = (1, 80) if shown else (0.6, 40)
            axes.scatter(x, y, marker=mark, c=colour, s=area, alpha=alpha, linewidths=0)
            axes.annotate(
                label,
                (x, y),
                xytext=beside,
                textcoords="offset points",
                ha="left" if beside[0] > 0 else "right",
                parse_math=False,
                fontsize=12,
                fontweight="bold" if shown else "normal",
                annotation_clip=True,
            )
        axes.set(xticks=[], yticks=[], xlim=(-wide * reach, wide * reach), ylim=(-reach, reach))
        axes.spines[:].set_visible(False)

    write_themed(folder, "voices", paint, size)
