"""Inertia of clusters over their number: its bend is where the clusters end."""

from collections.abc import Mapping
from pathlib import Path

from speechdis.plots.files import write_figure


def plot_inertia(path: Path, curves: Mapping[str, Mapping[int, float]]) -> None:
    """Draw inertia, as a share of that of two clusters, over the number of clusters (PVAE's figure 3).

    Args:
        curves: of each name the inertia by the number of clusters, from two on.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3.5), layout="tight")
    ax = figure.add_subplot()
    for name, curve in curves.items():
        first = next(iter(curve.values())) or 1.0  # of a collapsed posterior: 0
        ax.plot(list(curve), [value / first for value in curve.values()], marker=".", label=name)
    ax.axvline(10, color="grey", linewidth=0.5)
    ax.set(xlabel="clusters", ylabel="inertia / inertia of two", xticks=range(2, 21, 2))
    ax.legend()
    write_figure(path, figure, dpi=80)
