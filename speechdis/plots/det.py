"""The detection error trade-off (DET): misses over false alarms, on axes of normal deviates."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from speechdis.plots.colours import FAINT
from speechdis.plots.files import write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class DetCurve:
    """Shares of targets refused and of non-targets accepted (K,), and where they are equal."""

    miss: np.ndarray
    fa: np.ndarray
    eer: float


@dataclass(frozen=True)
class Scale:
    """Both axes.

    Attributes:
        ticks: shares that are labelled, in percent.
        sign: after each label.
        ends: shares at the ends.
        clip: shares beyond these are drawn there, as those of 0 and 1 are infinitely far.
    """

    ticks: tuple[float, ...]
    sign: str
    ends: tuple[float, float]
    clip: tuple[float, float]


_EPS = float(np.finfo(np.float64).eps)
_WHOLE = Scale(
    (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999), "%", (ndtr(-3), ndtr(3)), (_EPS, 1 - _EPS)
)
_LOWER = Scale((0.001, 0.01, 0.05, 0.2, 0.5), "", (5e-4, 0.7), (1e-5, 1))


def plot_det(path: Path, miss: np.ndarray, fa: np.ndarray) -> None:
    """Draw one curve, of shares (K,), in a file of its own."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    paint_one(figure.add_subplot(), miss, fa)
    write_figure(path, figure, dpi=150)


def paint_one(axes: "Axes", miss: np.ndarray, fa: np.ndarray) -> None:
    """Draw one curve, of shares (K,)."""
    _trace(axes, miss, fa, _WHOLE)
    _scale(axes, _WHOLE)
    axes.set(xlabel="false alarms (non-targets accepted)", ylabel="misses (targets refused)")
    axes.grid(alpha=0.3)


def paint_codes(
    axes: "Axes", curves: Mapping[str, Mapping[str, DetCurve]], colours: Mapping[str, str]
) -> None:
    """Draw the static (solid) and dynamic (dashed) curve of each name in its colour, a dot at the equal error rate."""
    for name, found in curves.items():
        for code, line in (("static", "-"), ("dynamic", "--")):
            c = found[code]
            _trace(axes, c.miss, c.fa, _LOWER, linestyle=line, color=colours[name])
            axes.plot(ndtri(c.eer), ndtri(c.eer), "o", color=colours[name], markersize=4)
    axes.plot(ndtri([1e-4, 0.7]), ndtri([1e-4, 0.7]), color=FAINT, linewidth=0.5)
    _scale(axes, _LOWER)
    axes.set(xlabel="other speakers accepted, %", ylabel="same speaker refused, %")


def _trace(axes: "Axes", miss: np.ndarray, fa: np.ndarray, scale: Scale, **style: Any) -> None:
    axes.plot(ndtri(fa.clip(*scale.clip)), ndtri(miss.clip(*scale.clip)), **style)


def _scale(axes: "Axes", scale: Scale) -> None:
    places, labels = ndtri(scale.ticks), [f"{100 * t:g}{scale.sign}" for t in scale.ticks]
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    axes.set(xlim=ndtri(scale.ends), ylim=ndtri(scale.ends), aspect="equal")
