"""Figures of the page: files beside it, in a light and a dark copy where they hold text, and what they show in words.

SVG keeps its text as text and is small; what has thousands of points is PNG. The same figure gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechdis.plots.maps import plot_points
from speechdis.plots.spectrogram import write_spectrogram
from speechdis.plots.themed import Paint, write_themed


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


def draw(
    out: Path,
    name: str,
    paint: Paint,
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
    write_themed(folder_of(out), name, paint, size)
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
    side = 300  # CSS pixels
    plot_points(folder_of(out) / f"{name}.png", points, colours, side)
    return Figure(f"figures/{name}.png", "", side, side, alt, title, caption, tuple(legend))


def spectrogram(out: Path, name: str, frames: np.ndarray, low: float, high: float, alt: str) -> Figure:
    """Write log frames (T, F) as OUT/figures/NAME.png, a pixel a value, `low` to `high` from dark to light."""
    write_spectrogram(folder_of(out) / f"{name}.png", frames, low, high)
    return Figure(f"figures/{name}.png", "", frames.shape[0], frames.shape[1], alt)


def folder_of(out: Path) -> Path:
    """OUT/figures, made where it is not there."""
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
