"""Maps of codes: points of a t-SNE, coloured by what they are. Axes have no ticks, as distances mean nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from speechdis.plots.files import write_figure
from speechdis.plots.themed import INCH

_BY_DIGIT: dict[str, Any] = {"cmap": "tab10", "vmin": 0, "vmax": 9}


def plot_maps(path: Path, maps: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw maps side by side (PVAE's figures 12 to 15).

    Args:
        maps: for each its title, points (N, 2) and digits (N,).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(maps), 4), layout="tight")
    axes = figure.subplots(1, len(maps), squeeze=False)
    for ax, (title, (points, digits)) in zip(axes[0], maps.items(), strict=True):
        ax.scatter(points[:, 0], points[:, 1], c=digits, s=4, **_BY_DIGIT)
        ax.set(title=title, xticks=[], yticks=[])
    write_figure(path, figure, dpi=80)


def plot_pooled(path: Path, parts: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw one map of several modalities, a marker each (PVAE's figure 13).

    Args:
        parts: of each modality its points (N, 2) and digits (N,).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="tight")
    ax = figure.add_subplot()
    for (name, (points, digits)), marker in zip(parts.items(), "ox^sDv", strict=False):
        ax.scatter(
            points[:, 0], points[:, 1], c=digits, s=12, marker=marker, linewidths=0.8, label=name, **_BY_DIGIT
        )
    ax.set(xticks=[], yticks=[])
    ax.legend()
    write_figure(path, figure, dpi=80)


def plot_points(path: Path, points: np.ndarray, colours: Sequence[str], side: int) -> None:
    """Draw points (N, 2), each in its colour, as a PNG for a square of `side` CSS pixels; no axes, no ground."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(side / INCH, side / INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.scatter(points[:, 0], points[:, 1], c=colours, s=7, linewidths=0)
    figure.savefig(path, format="png", dpi=2 * INCH, transparent=True, metadata={"Software": None})
