"""What training logged: every term of the loss, and estimates of mutual information (figures 6, 14, 15 of C-DSVAE)."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from speechdis.models.spyl import count_of_negatives
from speechdis.plots.colours import colour
from speechdis.plots.curves import Curve, paint_curves
from speechdis.report.experiment import Experiment
from speechdis.report.figures import Figure, draw


class Estimate(NamedTuple):
    """How a logged term is read as information in nats: (sign * term + offset) / frames."""

    term: str
    sign: int = 1
    offset: float = 0.0
    frames: int = 1


def _between(e: Experiment) -> Estimate | None:
    return Estimate("mutual_information")


def _by_contrast(term: str) -> Callable[[Experiment], Estimate | None]:
    """Contrasts are logged as losses, and SPYL's as a cross-entropy, which lacks the log(n + 1) of eq 7."""

    def of(e: Experiment) -> Estimate | None:
        if e.config.get("model", {}).get("information") == "mws":
            return None
        return Estimate(term, -1, _log_candidates(e))

    return of


def _by_mws(term: str, trained_by: str) -> Callable[[Experiment], Estimate | None]:
    """Of looks at the validation speakers, and of training where it is trained by it."""

    def of(e: Experiment) -> Estimate | None:
        if e.config.get("model", {}).get("information") == "mws":
            return Estimate(trained_by, -1)
        return Estimate(term)

    return of


def _log_candidates(e: Experiment) -> float:
    """log(n + 1) of SPYL's n negatives a segment; 0 of the other models, whose terms hold it."""
    model = e.config.get("model", {})
    if model.get("name") != "spyl":
        return 0.0
    batch = e.config["training"]["batch"] // e.run.get("processes", 1)
    return math.log(1 + count_of_negatives(batch, model["negatives"], model["bank"]))


# What is estimated, and what an experiment has of it.
INFORMATION: dict[str, Callable[[Experiment], Estimate | None]] = {
    "I(z; s), by minibatch-weighted sampling": _between,
    "I(s; x), by contrast": _by_contrast("contrast_static"),
    "I(z; x), by contrast": _by_contrast("contrast_dynamic"),
    "I(s; x), by minibatch-weighted sampling": _by_mws("mws_static", "contrast_static"),
    "I(z; x), by minibatch-weighted sampling": _by_mws("mws_dynamic", "contrast_dynamic"),
}
_TERMS = {"mutual_information", "contrast_static", "contrast_dynamic", "mws_static", "mws_dynamic"}


def losses(out: Path, experiments: Sequence[Experiment]) -> list[Figure]:
    """One figure a term: the loss first, then its parts but those of `information`.

    Terms are logged as nats per segment. Where experiments have segments of different length, they are shown per frame.
    """
    logged = dict.fromkeys(term for e in experiments for term in e.terms if term not in _TERMS)
    terms = sorted(logged, key=lambda term: term != "loss")
    lengths = [e.config.get("training", {}).get("segment", 1) for e in experiments]
    unit = "nats per segment" if len(set(lengths)) == 1 else "nats per frame"
    frames = [1] * len(lengths) if len(set(lengths)) == 1 else lengths
    figures = []
    for k, term in enumerate(terms):
        shown = [Estimate(term, frames=count) for count in frames]
        figures.append(_figure(out, f"loss-{k}", experiments, shown, term.replace("_", " "), unit))
    return figures


def information(out: Path, experiments: Sequence[Experiment]) -> list[Figure]:
    """One figure an estimate of mutual information, of the experiments that log it."""
    figures = []
    for k, (title, of) in enumerate(INFORMATION.items()):
        found = [of(e) for e in experiments]
        shown = [f if f and f.term in e.terms else None for e, f in zip(experiments, found, strict=True)]
        if any(shown):
            figures.append(_figure(out, f"information-{k}", experiments, shown, title))
    return figures


def _figure(
    out: Path,
    name: str,
    experiments: Sequence[Experiment],
    shown: Sequence[Estimate | None],
    title: str,
    unit: str = "nats per segment",
) -> Figure:
    """Curves of training (dotted) and validation of the experiments that have something to show."""
    curves = [
        Curve(split, *_curve(e, split, estimate), colour(k))
        for k, (e, estimate) in enumerate(zip(experiments, shown, strict=True))
        if estimate is not None
        for split in ("train", "valid")
    ]

    told = [_told(e, estimate) for e, estimate in zip(experiments, shown, strict=True) if estimate]
    alt = f"{title} over training, {unit}. " + " ".join(filter(None, told))
    return draw(out, name, partial(paint_curves, curves=curves, unit=unit), alt, title)


def _curve(e: Experiment, split: str, estimate: Estimate) -> tuple[list[int], list[float]]:
    steps, values = e.curve(split, estimate.term)
    return steps, [(estimate.sign * v + estimate.offset) / estimate.frames for v in values]


def _told(e: Experiment, estimate: Estimate) -> str:
    """First and last value of an experiment's curve, in words."""
    split = "valid" if e.curve("valid", estimate.term)[0] else "train"
    steps, values = _curve(e, split, estimate)
    if not steps:
        return ""
    return f"{e.name} ({split}): {values[0]:.4g} at step {steps[0]}, {values[-1]:.4g} at step {steps[-1]}."
