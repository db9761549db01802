"""Verdicts as a table: a row a system, a column a question, each mean with its 95 % interval over speakers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from speechdis.evaluation.outside.verdict import Verdict
from speechdis.evaluation.table import Layout, grid
from speechdis.metrics.people import mean_over_people


class Column(NamedTuple):
    """A figure: its value, the weight of it, a factor, and digits after the point."""

    value: Callable[[Verdict], float | None]
    digits: int = 1
    scale: float = 1.0
    weight: Callable[[Verdict], float | None] = lambda verdict: 1


def _rate(wrong: str, count: str) -> Column:
    """Wrong ones of all: a verdict weighs as many as there are."""

    def value(verdict: Verdict) -> float | None:
        total = getattr(verdict, count)
        return None if total is None else getattr(verdict, wrong) / total

    return Column(value, scale=100, weight=lambda verdict: getattr(verdict, count))


COLUMNS: Mapping[str, Column] = {
    "heard as A %": Column(lambda v: v.as_a, scale=100),
    "heard as B %": Column(lambda v: v.as_b, scale=100),
    "nearer A than B %": Column(lambda v: v.nearer, scale=100),
    "cosine with A": Column(lambda v: v.cosine_a, 2),
    "cosine with B": Column(lambda v: v.cosine_b, 2),
    "phonemes wrong, of B's recording %": _rate("wrong", "phonemes"),
    "the same, second ear %": _rate("wrong_second", "phones"),
    "phonemes wrong, of the text %": _rate("wrong_text", "text"),
    "DNSMOS overall": Column(lambda v: v.overall, 2),
    "DNSMOS P.808": Column(lambda v: v.p808, 2),
    "F0 from A's level, semitones": Column(lambda v: v.semitones),
    "F0 contour r with B": Column(lambda v: v.contour, 2),
}


class Judged(NamedTuple):
    """A verdict, and the speakers A and B it is about."""

    verdict: Verdict
    voice: int
    content: int


def summary(found: Sequence[Judged], resamples: int = 1000) -> dict[str, Any]:
    """Every column's mean, interval and count; those that no verdict fills are left out."""
    columns = {}
    for title, column in COLUMNS.items():
        told = [(column.value(one.verdict), column.weight(one.verdict), one) for one in found]
        known = [(value, weight, one) for value, weight, one in told if value is not None and weight]
        if known:
            mean = mean_over_people(
                column.scale * np.array([value for value, _, _ in known], float),
                np.array([weight for _, weight, _ in known], float),
                np.array([one.voice for _, _, one in known]),
                np.array([one.content for _, _, one in known]),
                resamples,
            )
            interval = None if mean.interval is None else list(mean.interval)
            columns[title] = {"mean": mean.value, "interval": interval, "count": mean.count}
    return columns


def shown(systems: Mapping[str, Mapping[str, Any]], layout: Layout = grid) -> str:
    """Summaries by system as a table, without the columns that none fills."""
    titles = [title for title in COLUMNS if any(title in found for found in systems.values())]
    rows = [[name, *(_cell(found.get(title), title) for title in titles)] for name, found in systems.items()]
    return layout(["what is heard", *titles], rows)


def about(found: Mapping[str, Any], layout: Layout = grid) -> str:
    """What `swaps.judge_swaps` found, as a table with a line of what it rests on."""
    counts = f"{found['pairs']} pairs, {found['speakers']} speakers, vocoder {found['vocoder']}"
    return f"{shown(found['systems'], layout)}\n{counts}. A lends the voice, B the words.\n"


def committable(found: Mapping[str, Any], title: str, made: Mapping[str, Any]) -> dict[str, Any]:
    """The same figures as `tools/results.py` reads them; `made`: command, commit, date and hardware."""
    systems = found["systems"]
    names = [name for name in COLUMNS if any(name in one for one in systems.values())]
    caption = (
        f"{found['pairs']} pairs: A lends the voice, B the words; {found['speakers']} speakers, among whom the voice "
        f"is sought; vocoder {found['vocoder']}. 95 % intervals over speakers."
    )
    return {
        "title": title,
        "caption": caption,
        **{key: made[key] for key in ("command", "commit", "date", "hardware")},
        "transcribed": None,
        "columns": ["what is heard", *names],
        "digits": {name: COLUMNS[name].digits for name in names if COLUMNS[name].digits != 1},
        "rows": [{"what is heard": name, **one} for name, one in systems.items()],
        "failures": found["failures"],
    }


def _cell(found: Mapping[str, Any] | None, title: str) -> str:
    if found is None:
        return ""
    digits = COLUMNS[title].digits
    text = f"{found['mean']:.{digits}f}"
    if found["interval"] is None:
        return text
    low, high = found["interval"]
    return f"{text} [{low:.{digits}f}, {high:.{digits}f}]"
