"""What attackers find against their size, and against how many speakers they learnt from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechdis.plots.colours import FAINT
from speechdis.plots.files import write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = Sequence[tuple[float, float]]


def plot_attackers(path: Path, sizes: Mapping[str, Points], speakers: Points, beyond: Points) -> None:
    """Draw two panels of equal error rates in percent.

    Args:
        path: .png, .svg or .pdf.
        sizes: by kind of attacker, (numbers it learns or measures, EER).
        speakers: (training speakers, EER), as measured.
        beyond: the same, extrapolated.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for kind, points in sizes.items():
        left.plot(*np.transpose(points), marker="o", markersize=4, label=kind)
    left.set(xlabel="numbers an attacker learns, or measures", ylabel="equal error rate on test speakers, %")
    right.plot(*np.transpose(speakers), "o", label="measured")
    right.plot(*np.transpose(beyond), "--", label="logistic fit, extrapolated")
    right.set(xlabel="training speakers")
    for axes in (left, right):
        _scale(axes)
    write_figure(path, figure, dpi=150)


def _scale(axes: "Axes") -> None:
    axes.axhline(50, color=FAINT, linewidth=0.8)
    axes.set(xscale="log", ylim=(0, 52))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
