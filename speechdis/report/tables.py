"""Tables of the page: every figure of the evaluation, the settings, and how the results were made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from speechdis.evaluation.table import REMAINS, VERIFICATION
from speechdis.report.experiment import Experiment

HEADLINES = (
    "static EER",
    "static EER, channel",
    "dynamic EER",
    "dynamic EER, channel",
    "attacker on z EER",
    "attacker on z EER, channel",
    "phone probe z %",
    "phone errors z %",
    "squared error",
)


@dataclass(frozen=True)
class Table:
    """Cells of text.

    Attributes:
        head: titles of the columns after the first.
        rows: title of each row, and its cells.
        same: rows whose cells are all alike, where that is told apart.
    """

    head: list[str]
    rows: dict[str, list[str]]
    same: dict[str, str]


def figures(experiments: Sequence[Experiment]) -> list[Table]:
    """The headlines of the evaluation, and every other figure: a column an experiment, then floors and ceilings."""
    measured = [e for e in experiments if e.results]
    rows = [{**e.results["row"], "system": e.name} for e in measured]
    rows += {
        row["system"]: row for e in reversed(measured) for row in e.results.get("references", [])
    }.values()
    columns = {**VERIFICATION, **REMAINS}
    rest = [title for title in columns if title not in HEADLINES]
    tables = []
    for titles in (HEADLINES, rest):
        cells = {title: [columns[title](row) for row in rows] for title in titles}
        cells = {title: found for title, found in cells.items() if any(found)}
        kept = [k for k in range(len(rows)) if any(found[k] for found in cells.values())]
        head = [rows[k]["system"] for k in kept]
        tables.append(Table(head, {title: [found[k] for k in kept] for title, found in cells.items()}, {}))
    return tables


def trials(experiments: Sequence[Experiment]) -> list[str]:
    """What the error rates were measured on, in words: one line where it is the same for all."""
    told: dict[str, list[str]] = {}
    for e in experiments:
        figures = e.results.get("row", {}).get("static", {}).get("clean", {}).get("raw")
        if figures:
            split = e.results.get("protocol", {}).get("split", "test")
            line = "{speakers} {split} speakers, {target:,} target and {nontarget:,} non-target trials"
            told.setdefault(line.format(split=split, **figures), []).append(e.name)
    return list(told) if len(told) == 1 else [f"{', '.join(names)}: {line}" for line, names in told.items()]


def settings(experiments: Sequence[Experiment]) -> Table:
    """Every setting: rows where experiments differ, and apart from them what all have alike."""
    flat = [_flat(e.config) for e in experiments]
    return _compared([e.name for e in experiments], flat)


def provenance(experiments: Sequence[Experiment]) -> Table:
    """Commit, versions, hardware and duration of each training, and the commit of its evaluation."""
    made = []
    for e in experiments:
        found = {key.replace("_", " "): _text(value) for key, value in e.run.items()}
        if e.results:
            evaluated = e.results.get("made", {})
            found["evaluated at commit"] = str(evaluated.get("commit", ""))
        made.append(found)
    return _compared([e.name for e in experiments], made)


def _compared(names: list[str], columns: Sequence[Mapping[str, str]]) -> Table:
    keys = list(dict.fromkeys(key for column in columns for key in column))
    rows = {key: [column.get(key, "–") for column in columns] for key in keys}
    if len(names) == 1:
        return Table(names, rows, {})
    different = {key: row for key, row in rows.items() if len(set(row)) > 1}
    return Table(names, different, {key: row[0] for key, row in rows.items() if key not in different})


def _flat(config: Mapping[str, Any]) -> dict[str, str]:
    """Sections and keys as `section.key`; digests of data cut to twelve digits."""
    return {
        f"{section}.{key}": str(value)[:12] if section == "data" else _text(value)
        for section, values in config.items()
        for key, value in (values.items() if isinstance(values, Mapping) else [("", values)])
    }


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
