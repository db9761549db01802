"""What training logged: every term of the loss, and estimates of mutual information (figures 6, 14, 15 of C-DSVAE)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.report.experiment import Experiment
from speechdis.report.figures import Figure, colour, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What is estimated, the term that logs it, and the sign that turns the term, a loss, into it.
INFORMATION = {
    "I(z; s), by minibatch-weighted sampling": ("mutual_information", 1),
    "I(s; x), by contrast": ("contrast_static", -1),
    "I(z; x), by contrast": ("contrast_dynamic", -1),
}
_TERMS = {term for term, _ in INFORMATION.values()}


def losses(out: Path, experiments: Sequence[Experiment]) -> list[Figure]:
    """One figure a term: the loss first, then its parts but those of `information`."""
    logged = dict.fromkeys(term for e in experiments for term in e.terms if term not in _TERMS)
    terms = sorted(logged, key=lambda term: term != "loss")
    return [
        _figure(out, f"loss-{k}", experiments, term, term.replace("_", " ")) for k, term in enumerate(terms)
    ]


def information(out: Path, experiments: Sequence[Experiment]) -> list[Figure]:
    """One figure an estimate of mutual information, of the experiments that log it."""
    return [
        _figure(out, f"information-{term.replace('_', '-')}", experiments, term, title, sign)
        for title, (term, sign) in INFORMATION.items()
        if any(term in e.terms for e in experiments)
    ]


def _figure(
    out: Path, name: str, experiments: Sequence[Experiment], term: str, title: str, sign: int = 1
) -> Figure:
    def paint(axes: "Axes") -> None:
        for k, e in enumerate(experiments):
            for split, line in (("train", ":"), ("valid", "-")):
                steps, values = e.curve(split, term)
                few = "." if len(steps) < 20 else None
                axes.plot(steps, [sign * v for v in values], line, color=colour(k), marker=few, markersize=4)
        axes.set(xlabel="step", ylabel="nats per segment")
        axes.locator_params(axis="x", nbins=5)

    told = [_told(e, term, sign) for e in experiments]
    return draw(out, name, paint, f"{title} over training. " + " ".join(filter(None, told)), title)


def _told(e: Experiment, term: str, sign: int) -> str:
    """First and last value of an experiment's curve, in words."""
    split = "valid" if e.curve("valid", term)[0] else "train"
    steps, values = e.curve(split, term)
    if not steps:
        return ""
    first, last = (f"{sign * v:.4g}" for v in (values[0], values[-1]))
    return f"{e.name} ({split}): {first} at step {steps[0]}, {last} at step {steps[-1]}."
