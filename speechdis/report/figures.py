"""Figures of the page: files beside it, in a light and a dark copy where they hold text, and what they show in words.

SVG keeps its text as text and is small; what has thousands of points is PNG. The same figure gives the same bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart by people of any colour vision (Okabe & Ito), as far as they go, and on white as on black.
COLOURS = ("#2f7ed8", "#e0762f", "#1f9d78", "#c05fb0", "#a88a12", "#6d5fd0", "#d6455d", "#4bb3c9")
FAINT = "#9aa0a6"
THEMES = {"light": ("#1d2329", "#ffffff"), "dark": ("#e4e7ea", "#1c2024")}  # ink and ground, as of the page
INCH = 96  # CSS pixels
_NO_DATE: dict[str, Any] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


@dataclass(frozen=True)
class Figure:
    """An image of the page.

    Attributes:
        file: relative to the page.
        dark: its copy for dark pages; "" where one serves both.
        width, height: CSS pixels.
        alt: what it shows, in words.
        title: short heading.
        caption: how to read it.
        legend: labels and their colours.
    """

    file: str
    dark: str
    width: int
    height: int
    alt: str
    title: str = ""
    caption: str = ""
    legend: tuple[tuple[str, str], ...] = ()


def colour(k: int) -> str:
    """Of experiment, speaker or phone `k`."""
    return COLOURS[k % len(COLOURS)]


def draw(
    out: Path,
    name: str,
    paint: Callable[["Axes"], None],
    alt: str,
    title: str = "",
    caption: str = "",
    size: tuple[int, int] = (330, 220),
) -> Figure:
    """Draw one pair of axes as OUT/figures/NAME-light.svg and -dark.svg.

    Args:
        out: folder of the page.
        paint: draws on the axes.
        size: CSS pixels.
    """
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    for theme, (ink, ground) in THEMES.items():
        with matplotlib.rc_context(_style(ink, ground, name)):
            canvas = Canvas(figsize=(size[0] / INCH, size[1] / INCH), layout="constrained")
            paint(canvas.add_subplot())
            canvas.savefig(
                _place(out, f"{name}-{theme}.svg"), format="svg", transparent=True, metadata=_NO_DATE["svg"]
            )
    return Figure(f"figures/{name}-light.svg", f"figures/{name}-dark.svg", *size, alt, title, caption)


def scatter(
    out: Path,
    name: str,
    points: np.ndarray,
    colours: list[str],
    alt: str,
    title: str,
    caption: str,
    legend: Sequence[tuple[str, str]],
) -> Figure:
    """Draw points (M, 2), each in its colour, as OUT/figures/NAME.png: no axes, as t-SNE's mean nothing."""
    from matplotlib.figure import Figure as Canvas

    side = 300
    canvas = Canvas(figsize=(side / INCH, side / INCH))
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.scatter(points[:, 0], points[:, 1], c=colours, s=7, linewidths=0)
    canvas.savefig(
        _place(out, f"{name}.png"), format="png", dpi=2 * INCH, transparent=True, metadata=_NO_DATE["png"]
    )
    return Figure(f"figures/{name}.png", "", side, side, alt, title, caption, tuple(legend))


def spectrogram(out: Path, name: str, frames: np.ndarray, low: float, high: float, alt: str) -> Figure:
    """Write log frames (T, F) as OUT/figures/NAME.png, a pixel a value, `low` to `high` from dark to light."""
    from matplotlib import colormaps
    from PIL import Image

    level = ((frames.T[::-1] - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(level, mode="L").convert("P")
    image.putpalette((colormaps["magma"](np.arange(256))[:, :3] * 255).astype(np.uint8).tobytes())
    image.save(_place(out, f"{name}.png"), format="PNG", optimize=True)
    return Figure(f"figures/{name}.png", "", frames.shape[0], frames.shape[1], alt)


def _place(out: Path, file: str) -> Path:
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / file


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
