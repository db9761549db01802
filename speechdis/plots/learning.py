"""What sequence models logged as they learnt: figures 2 and 3 of A-VRNN's paper, side by side.

Left, per time step: reconstruction and evidence lower bound (figure 2; beside them the importance-weighted bound).
Right: losses of critic and adversary (figure 3). Validation speakers solid, training dotted.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.plots.files import write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = tuple[str, int, str, str, float]  # experiment, step, "train" or "valid", term, value
_BOUNDS, _LOSSES = ("reconstruction", "elbo", "iwae"), ("critic", "adversarial")


def plot_learning(path: Path, rows: Sequence[Row]) -> None:
    """Draw both figures as one file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="tight")
    left, right = figure.subplots(1, 2)
    _panel(left, rows, _BOUNDS)
    _panel(right, rows, _LOSSES)
    left.set(title="reconstruction and bounds", ylabel="nats a frame")
    left.set_ylim(*_span([row[4] for row in rows if row[3] in _BOUNDS]))
    right.set(title="critic and adversary", ylabel="loss")
    write_figure(path, figure, dpi=100)


def _panel(axes: "Axes", rows: Sequence[Row], terms: Sequence[str]) -> None:
    """A colour for each term of each experiment; no axes where none of `terms` was logged."""
    names = dict.fromkeys(row[0] for row in rows)
    for k, (name, term) in enumerate((n, t) for n in names for t in terms):
        labelled = "train" if term == "adversarial" else "valid"
        for split, line in (("train", ":"), ("valid", "-")):
            points = [(row[1], row[4]) for row in rows if (row[0], row[2], row[3]) == (name, split, term)]
            if points:
                label = f"{name}: {term}" if split == labelled else None
                axes.plot(*zip(*points, strict=True), line, color=f"C{k}", label=label)
    axes.set_xlabel("step")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)
    else:
        axes.set_axis_off()


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Axis limits that the first few steps, far below the rest, do not set: from the lower 5 % on."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 20], ordered[-1]
    return low - 0.05 * (high - low), high + 0.05 * (high - low)
