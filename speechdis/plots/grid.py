"""Grids of samples: written digits as images, spoken ones as log frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechdis.plots.files import write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGE = (28, 28)  # of every written digit; any other sample is log frames


def plot_grid(
    path: Path,
    digits: Sequence[np.ndarray],
    styles: Sequence[np.ndarray | None],
    cells: Sequence[Sequence[np.ndarray]],
    title: str,
) -> None:
    """Draw the digit of each column in the style of each row (PVAE's figures 4, 5 and 16 to 22).

    Args:
        digits, styles: images, or log frames (T, F), of the columns and of the rows; None shows the title.
        cells: a row for each style, a sample for each digit.
    """
    from matplotlib.figure import Figure

    rows: list[list[np.ndarray | None]] = [[None, *digits]]
    rows += [[style, *row] for style, row in zip(styles, cells, strict=True)]
    longest = max(len(x) for row in rows for x in row if x is not None)
    figure = Figure(figsize=(len(digits) + 1, len(styles) + 1))
    axes = figure.subplots(len(rows), len(rows[0]), squeeze=False)
    for ax, sample in zip(axes.flat, (x for row in rows for x in row), strict=True):
        ax.set_axis_off()
        if sample is None:
            ax.text(0.5, 0.5, title, ha="center", va="center", fontsize=7)
        else:
            _show(ax, sample, longest)
    figure.tight_layout(pad=0.2)
    write_figure(path, figure, dpi=72)


def _show(axes: "Axes", sample: np.ndarray, longest: int) -> None:
    """An image, or frames (T, F) on a time axis of `longest` frames."""
    if sample.shape == IMAGE:
        axes.imshow(sample, cmap="gray", vmin=0, vmax=1)
        return
    axes.imshow(sample.T, origin="lower", aspect="auto", cmap="magma")
    axes.set_xlim(0, longest)
