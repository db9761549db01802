"""One pair of axes in a light and a dark copy, as SVG: text stays text. The same numbers give the same bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from speechdis.plots.colours import FAINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Paint: TypeAlias = "Callable[[Axes], None]"  # draws on the axes
THEMES = {"light": ("#1d2329", "#ffffff"), "dark": ("#e4e7ea", "#1c2024")}  # ink and ground, as of the page
INCH = 96  # CSS pixels


def write_themed(folder: Path, name: str, paint: Paint, size: tuple[int, int]) -> None:
    """Write FOLDER/NAME-light.svg and -dark.svg, of `size` CSS pixels."""
    import matplotlib
    from matplotlib.figure import Figure

    for theme, (ink, ground) in THEMES.items():
        with matplotlib.rc_context(_style(ink, ground, name)):
            figure = Figure(figsize=(size[0] / INCH, size[1] / INCH), layout="constrained")
            paint(figure.add_subplot())
            figure.savefig(
                folder / f"{name}-{theme}.svg",
                format="svg",
                transparent=True,
                metadata={"Date": None, "Creator": None},
            )


def _style(ink: str, ground: str, name: str) -> Any:
    return {
        "figure.facecolor": ground,
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.family": "sans-serif",
        "font.size": 8,
        "text.color": ink,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": FAINT,
        "grid.alpha": 0.25,
        "xtick.color": ink,
        "ytick.color": ink,
        "lines.linewidth": 1.5,
    }
