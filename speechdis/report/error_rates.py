"""Error rates: the DET curve of either code, and equal error rates with their intervals."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from speechdis.evaluation.results import Results
from speechdis.metrics.every_pair import EveryPair
from speechdis.metrics.scoring import cosine
from speechdis.metrics.verification import Verification
from speechdis.plots.det import DetCurve, paint_codes
from speechdis.plots.intervals import Mark, paint_intervals
from speechdis.report.figures import Figure, draw

CODES = {"static": "static s", "dynamic": "dynamic z", "attacker": "attacker on z"}


def curve(vectors: np.ndarray, spks: Sequence[str]) -> DetCurve:
    """DET curve of all pairs of vectors (U, D), by their cosine; InputError for a single speaker."""
    pairs = EveryPair(cosine(vectors), spks)
    return DetCurve(*pairs.det(), pairs.verify(resamples=0).eer)


def det_plot(
    out: Path, curves: Mapping[str, Mapping[str, DetCurve]], colours: Mapping[str, str], speech: str
) -> Figure:
    """Draw the static (solid) and dynamic (dashed) curve of each experiment on `speech`, on normal-deviate axes."""
    told = [
        f"{name}: equal error rate {100 * c['static'].eer:.1f} % by the static, {100 * c['dynamic'].eer:.1f} % by the "
        "dynamic vectors."
        for name, c in curves.items()
    ]
    alt = "Detection error trade-off; a curve nearer the lower left knows the speaker better. " + " ".join(
        told
    )
    caption = f"Solid: s; dashed: z; dots: equal error rates; all pairs of utterances of {speech}."
    paint = partial(paint_codes, curves=curves, colours=colours)
    return draw(out, "det", paint, alt, "Detection error trade-off", caption, size=(380, 360))


def interval_plot(out: Path, name: str, rows: Mapping[str, Results], colours: Mapping[str, str]) -> Figure:
    """Draw each equal error rate with its 95 % interval: filled on clean trials, hollow through random channels.

    Args:
        name: of the file.
        rows: figures of each experiment.
    """
    marks = [
        _mark(
            place + (k + 1) / (len(rows) + 1) - 0.5,
            row.verified[code][condition]["raw"],
            colours[who],
            filled,
        )
        for place, code in enumerate(CODES)
        for k, (who, row) in enumerate(rows.items())
        for condition, filled in (("channel", False), ("clean", True))
        if condition in row.verified.get(code, {})
    ]

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
    paint = partial(paint_intervals, marks=marks, titles=list(CODES.values()))
    return draw(out, name, paint, alt, "Equal error rates", caption, size=(440, 360))


def _mark(place: float, figures: Verification, colour: str, filled: bool) -> Mark:
    """Of a rate without an interval, the rate alone."""
    return Mark(place, figures.eer, figures.interval or (figures.eer, figures.eer), colour, filled)
