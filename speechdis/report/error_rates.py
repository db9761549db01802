"""Error rates: the DET curve of either code, and equal error rates with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechdis.evaluation.results import Results
from speechdis.metrics.every_pair import all_scores
from speechdis.metrics.verification import det, eer
from speechdis.report.figures import FAINT, Figure, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TICKS = (0.001, 0.01, 0.05, 0.2, 0.5)  # of a DET plot
CODES = {"static": "static s", "dynamic": "dynamic z", "attacker": "attacker on z"}


@dataclass(frozen=True)
class Curve:
    """A DET curve: shares of targets refused and of non-targets accepted (K,), and where they are equal."""

    miss: np.ndarray
    fa: np.ndarray
    eer: float


def curve(vectors: np.ndarray, spks: Sequence[str]) -> Curve:
    """DET curve of all pairs of vectors (U, D), by their cosine; InputError for a single speaker."""
    target, nontarget = all_scores(vectors, spks)
    return Curve(*det(target, nontarget), eer(target, nontarget).value)


def det_plot(
    out: Path, curves: Mapping[str, Mapping[str, Curve]], colours: Mapping[str, str], speech: str
) -> Figure:
    """Draw the static (solid) and dynamic (dashed) curve of each experiment on `speech`, on normal-deviate axes."""
    from scipy.special import ndtri

    def paint(axes: "Axes") -> None:
        for name, found in curves.items():
            for code, line in (("static", "-"), ("dynamic", "--")):
                c = found[code]
                axes.plot(ndtri(c.fa.clip(1e-5, 1)), ndtri(c.miss.clip(1e-5, 1)), line, color=colours[name])
                axes.plot(ndtri(c.eer), ndtri(c.eer), "o", color=colours[name], markersize=4)
        places, labels = ndtri(TICKS), [f"{100 * t:g}" for t in TICKS]
        axes.plot(ndtri([1e-4, 0.7]), ndtri([1e-4, 0.7]), color=FAINT, linewidth=0.5)
        axes.set_xticks(places, labels)
        axes.set_yticks(places, labels)
        axes.set(xlim=ndtri([5e-4, 0.7]), ylim=ndtri([5e-4, 0.7]), aspect="equal")
        axes.set(xlabel="other speakers accepted, %", ylabel="same speaker refused, %")

    told = [
        f"{name}: equal error rate {100 * c['static'].eer:.1f} % by the static, {100 * c['dynamic'].eer:.1f} % by the "
        "dynamic vectors."
        for name, c in curves.items()
    ]
    alt = "Detection error trade-off; a curve nearer the lower left knows the speaker better. " + " ".join(
        told
    )
    caption = f"Solid: s; dashed: z; dots: equal error rates; all pairs of utterances of {speech}."
    return draw(out, "det", paint, alt, "Detection error trade-off", caption, size=(380, 360))


def interval_plot(out: Path, name: str, rows: Mapping[str, Results], colours: Mapping[str, str]) -> Figure:
    """Draw each equal error rate with its 95 % interval: filled on clean trials, hollow through random channels.

    Args:
        name: of the file.
        rows: figures of each experiment.
    """
    marks = [
        (place + (k + 1) / (len(rows) + 1) - 0.5, row.verified[code][condition]["raw"], colours[who], face)
        for place, code in enumerate(CODES)
        for k, (who, row) in enumerate(rows.items())
        for condition, face in (("channel", "none"), ("clean", colours[who]))
        if condition in row.verified.get(code, {})
    ]

    def paint(axes: "Axes") -> None:
        for place, figures, shade, face in marks:
            low, high = (100 * end for end in figures.interval or (figures.eer, figures.eer))
            axes.plot([low, high], [place, place], color=shade, linewidth=1.5, solid_capstyle="butt")
            ground = axes.figure.get_facecolor() if face == "none" else face
            axes.plot(100 * figures.eer, place, "o", color=shade, markerfacecolor=ground, markersize=5)
        axes.axvline(50, color=FAINT, linewidth=0.8)
        axes.set_yticks(range(len(CODES)), list(CODES.values()))
        axes.set(xlim=(0, 52), ylim=(len(CODES) - 0.5, -0.5), xlabel="equal error rate, %; 50 is chance")
        axes.grid(False, axis="y")

    told = [
        f"{who}: "
        + ", ".join(
            f"{title} {100 * row.verified[code]['clean']['raw'].eer:.1f} %"
            for code, title in CODES.items()
            if "clean" in row.verified.get(code, {})
        )
        + "."
        for who, row in rows.items()
    ]
    alt = "Equal error rates on clean trials with 95 % intervals over speakers. " + " ".join(told)
    caption = (
        "Filled: clean trials; hollow: the same through random channels; bars: 95 % intervals over speakers."
    )
    return draw(out, name, paint, alt, "Equal error rates", caption, size=(440, 360))
