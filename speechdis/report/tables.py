"""Tables of the page: every figure of the evaluation, the settings, and how the results were made."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from speechdis.evaluation.attacking import rate
from speechdis.evaluation.results import Results
from speechdis.evaluation.table import REMAINS, VERIFICATION, Column
from speechdis.report.experiment import Experiment

HEADLINES = (
    "static EER",
    "static EER, channel",
    "dynamic EER",
    "dynamic EER, channel",
    "attacker on z EER",
    "attacker on z EER, channel",
    "attacker's training EER",
    "attacker's training EER, channel",
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


@dataclass(frozen=True)
class Measured:
    """Experiments measured on one test set: only their figures can be compared.

    Attributes:
        experiments: some of those of the page.
        trials: the test set in words.
        tables: the headlines, and every other figure: a column an experiment, then floors and ceilings.
        attackers: the EER of every attacker.
    """

    experiments: list[Experiment]
    trials: str
    tables: list[Table]
    attackers: Table


def measured(experiments: Sequence[Experiment]) -> list[Measured]:
    """The figures of the evaluation, apart for each test set."""
    apart: dict[str, list[Experiment]] = {}
    for e in experiments:
        if e.results:
            apart.setdefault(e.trials[0], []).append(e)
    return [Measured(of, of[0].trials[1], figures(of), attackers(of)) for of in apart.values()]


def figures(experiments: Sequence[Experiment]) -> list[Table]:
    """The headlines, and every other figure, of experiments measured on one test set."""
    rows = _rows(experiments)
    columns = {**VERIFICATION, **REMAINS}
    rest = [title for title in columns if title not in HEADLINES]
    tables = []
    for titles in (HEADLINES, rest):
        cells = {title: [columns[title](row) for row in rows] for title in titles}
        cells = {title: found for title, found in cells.items() if any(found)}
        kept = [k for k in range(len(rows)) if any(found[k] for found in cells.values())]
        head = [rows[k].title for k in kept]
        tables.append(Table(head, {title: [found[k] for k in kept] for title, found in cells.items()}, {}))
    return tables


def attackers(experiments: Sequence[Experiment]) -> Table:
    """EER of every attacker, a column a system and condition; a file from before there were ladders has none."""
    found = {
        f"{row.title}, {condition}": {rung["attacker"]: rate(rung) for rung in ladder["rungs"]}
        for row in _rows(experiments)
        for condition, ladder in (row.attackers or {}).items()
        if "rungs" in ladder
    }
    names = dict.fromkeys(name for column in found.values() for name in column)
    return Table(list(found), {name: [of.get(name, "") for of in found.values()] for name in names}, {})


def _rows(experiments: Sequence[Experiment]) -> list[Results]:
    rows = [replace(e.row, system=e.name) for e in experiments if e.row]
    known = (row for e in reversed(experiments) for row in e.references)
    return rows + list({row.system: row for row in known}.values())


def as_csv(groups: Sequence[Measured]) -> str:
    """Every figure, a line a system: numbers as text editors and spreadsheets read them."""
    out = io.StringIO()
    columns = {**VERIFICATION, **REMAINS}
    rows = [(group.trials, row) for group in groups for row in _rows(group.experiments)]
    used = [title for title, column in columns.items() if any(column(row) for _, row in rows)]
    writer = csv.writer(out, lineterminator="\n")
    ends = {title: [title, f"{title}, from", f"{title}, to"] for title in used}
    writer.writerow(
        [
            "system",
            "measured on",
            *(t for title in used for t in ends[title][: 1 + 2 * _has_ends(columns[title])]),
        ]
    )
    for trials, row in rows:
        writer.writerow([row.title, trials, *(c for title in used for c in _numbers(columns[title], row))])
    return out.getvalue()


def _has_ends(column: Column) -> bool:
    return column.interval is not None


def _numbers(column: Column, row: Results) -> list[str]:
    """A figure of a row and the ends of its interval, as far as it has one."""
    many = 3 if _has_ends(column) else 1
    if not column(row):
        return [""] * many
    ends = column.interval(row) if column.interval else []
    return [f"{number:.6g}" for number in (column.value(row), *ends)]


def judges(experiments: Sequence[Experiment]) -> list[str]:
    """How attackers and probes were trained, where not all experiments were measured by the same."""
    told: dict[str, list[str]] = {}
    for e in experiments:
        protocol = e.results.get("protocol", {})
        who = protocol.get("attackers")
        by = f"the strongest of {len(who)} attackers" if who else "one attacker, informed of clean speech"
        steps = [protocol.get(f"{name}_steps", "?") for name in ("attacker", "phone")]
        networks = f"of {steps[0]} steps at most" if steps[0] else "without networks"
        line = f"{by}, {networks}; phone probe of {steps[1]} steps"
        told.setdefault(line, []).append(e.name)
    return [f"{', '.join(names)}: {line}" for line, names in told.items()] if len(told) > 1 else []


def commands(experiments: Sequence[Experiment]) -> dict[str, list[str]]:
    """What was typed to train and to measure each experiment, where that was kept."""
    made = {e.name: [e.run, e.results.get("made", {})] for e in experiments}
    found = {name: [str(of["command"]) for of in both if of.get("command")] for name, both in made.items()}
    return {name: typed for name, typed in found.items() if typed}


def settings(experiments: Sequence[Experiment]) -> Table:
    """Every setting: rows where experiments differ, and apart from them what all have alike."""
    flat = [_flat(e.config) for e in experiments]
    return _compared([e.name for e in experiments], flat)


def provenance(experiments: Sequence[Experiment]) -> Table:
    """Commit, versions, hardware and duration of each training, and the commit of its evaluation."""
    made = []
    for e in experiments:
        found = {key.replace("_", " "): _text(value) for key, value in e.run.items() if key != "command"}
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
