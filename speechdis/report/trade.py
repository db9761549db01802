"""Words against voice, of swaps that were judged from outside: each experiment from plain to usual swaps."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from speechdis.plots.colours import FAINT
from speechdis.plots.trade import Trail, paint_trade
from speechdis.report.experiment import Experiment
from speechdis.report.figures import Figure, draw

FIGURES = ("heard as A %", "phonemes wrong, of B's recording %")
ENDS = ("swap, plain", "swap")
BESIDE = {
    "copy-synthesis of B": "copy",
    "pitch of A": "pitch",
    "pitch and formants of A": "formants",
    "pitch and band statistics of A": "bands",
}


def trade_plot(out: Path, experiments: Sequence[Experiment], colours: Mapping[str, str]) -> Figure | None:
    """Draw experiments whose swaps were judged from outside, beside trivial conversions; None where none was."""
    judged = {
        e.name: e.row.outside["systems"]
        for e in experiments
        if e.row and e.row.outside and not set(ENDS) - set(e.row.outside["systems"])
    }
    if not judged:
        return None
    trails = [
        _trail(found, {name: name.removeprefix("swap, ") for name in ENDS}, colours[e])
        for e, found in judged.items()
    ]
    first = next(iter(judged.values()))
    trails += [_trail(first, {name: label}, FAINT) for name, label in BESIDE.items() if name in first]
    alt = "Words against voice; best is right below. " + " ".join(
        f"{e}: " + ", ".join(_told(name, found[name]) for name in ENDS) + "." for e, found in judged.items()
    )
    caption = (
        "Grey: no model, the vocoder and statistics of A alone. Shaded: what listeners would want, 65 % of voices "
        "with 20 % of phonemes wrong."
    )
    return draw(
        out, "trade", partial(paint_trade, trails=trails), alt, "Words against voice", caption, (440, 330)
    )


def _trail(found: Mapping[str, Any], labels: Mapping[str, str], colour: str) -> Trail:
    voices, phonemes = ([found[name][figure]["mean"] for name in labels] for figure in FIGURES)
    return Trail(voices, phonemes, list(labels.values()), colour)


def _told(name: str, found: Mapping[str, Any]) -> str:
    voices, phonemes = (found[figure]["mean"] for figure in FIGURES)
    return f"{name} {voices:.1f} % heard as A, {phonemes:.1f} % of phonemes wrong"
