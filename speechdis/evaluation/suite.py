"""A suite: systems trained and measured under one budget, and their table, a mean over seeds with its range.

A suite is a YAML file:

    budget: {training.steps: 2000}        # set in every system, after its recipe
    systems:
      FHVAE, paper: {recipe: "fhvae/paper.yaml"}
      w/o content augmentation: {recipe: "cdsvae/{corpus}.yaml", set: {model.contrast_static: 0}} # or speech.yaml
    published:                             # shown below, as measured elsewhere
      C-DSVAE: {static: 4.03, dynamic: 31.81, source: "Bai et al. 2021, Table 4"}
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from speechdis.data.text import read_yaml
from speechdis.errors import InputError
from speechdis.evaluation.results import Results
from speechdis.evaluation.table import REMAINS, VERIFICATION, Column, Layout, grid


@dataclass(frozen=True)
class System:
    """One row to be: its title, its recipe file, and settings over it ("training.steps=100")."""

    title: str
    recipe: Path
    settings: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The title as a folder's name."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class Suite:
    """What a suite file says."""

    systems: tuple[System, ...]
    published: Mapping[str, Mapping[str, Any]]


def read_suite(path: Path, recipes: Path, corpus: str) -> Suite:
    """The suite in `path`; recipes are found in `recipes`, for `corpus`.

    Raises:
        InputError: no such suite, an unknown key, a recipe that is not there, two systems of one name.
    """
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in (recipes / "suites").glob("*.yaml")))
        raise InputError(f"{path}: no such suite; there are: {known}")
    content = read_yaml(path)
    if not isinstance(content, dict) or not _named(content.get("systems")):
        raise InputError(f"{path}: expected 'systems:' with a name and a recipe each")
    unknown = set(content) - {"budget", "systems", "published"}
    if unknown:
        raise InputError(f"{path}: unknown key '{min(unknown)}'; a suite has budget, systems and published")
    budget, published = content.get("budget") or {}, content.get("published") or {}
    if not isinstance(budget, dict):
        raise InputError(f"{path}: 'budget' sets numbers by name, such as training.steps: 2000")
    if published and not _named(published):
        raise InputError(f"{path}: 'published' has a name and its figures each")
    systems = []
    for title, said in content["systems"].items():
        if not isinstance(said.get("recipe"), str) or set(said) - {"recipe", "set"}:
            raise InputError(f"{path}: system '{title}' needs 'recipe', and may have 'set', nothing else")
        if not isinstance(said.get("set") or {}, dict):
            raise InputError(
                f"{path}: system '{title}': 'set' sets numbers by name, such as training.batch: 8"
            )
        recipe = recipes / said["recipe"].replace("{corpus}", corpus)
        if not recipe.is_file():
            recipe = recipes / said["recipe"].replace("{corpus}", "speech")
        if not recipe.is_file():
            raise InputError(f"{path}: system '{title}': {recipe}: no such recipe")
        settings = {**budget, **(said.get("set") or {})}
        systems.append(System(title, recipe, tuple(f"{k}={v}" for k, v in settings.items())))
    slugs = [s.slug for s in systems]
    if len(set(slugs)) < len(slugs):
        raise InputError(f"{path}: two systems whose names make the same folder")
    return Suite(tuple(systems), published)


def _named(content: Any) -> bool:
    """Whether there are names with sections under each."""
    return (
        isinstance(content, dict)
        and bool(content)
        and all(isinstance(name, str) and isinstance(of, dict) for name, of in content.items())
    )


def _gap(row: Results) -> float:
    return COLUMNS["dynamic EER"].value(row) - COLUMNS["static EER"].value(row)


def _there(number: float | None) -> float:
    if number is None:
        raise KeyError
    return number


def _of_table(*names: str) -> dict[str, Column]:
    return {name: {**VERIFICATION, **REMAINS}[name] for name in names}


COLUMNS: dict[str, Column] = {
    **_of_table("static EER", "static EER, channel", "static centred EER"),
    **_of_table("dynamic EER", "dynamic EER, channel", "dynamic centred EER"),
    "gap": Column(_gap),
    **_of_table("attacker on z EER", "attacker on z EER, channel"),
    **_of_table("attacker's training EER", "attacker's training EER, channel"),
    **_of_table("attacker's misses at 1 %", "attacker's misses at 0.1 %", "attacker's D_sys"),
    **_of_table("speaker probe s %", "speaker probe z %", "phone probe z %", "phone probe s %"),
    **_of_table("phone errors z %", "energy in z, R2", "squared error", "KL z", "active z"),
    "parameters, M": Column(lambda row: _there(row.parameters) / 1e6, 2),
    "training, min": Column(lambda row: _there(row.seconds) / 60),
}

WITH_INTERVAL = ("static EER", "dynamic EER", "attacker on z EER", "attacker on z EER, channel")


def summarise(title: str, rows: Sequence[Results]) -> dict[str, Any]:
    """Mean, least and most of every column over the seeds of one system, and the mean of its intervals."""
    summary: dict[str, Any] = {"system": title, "seeds": len(rows)}
    for name, column in COLUMNS.items():
        try:
            found = [column.value(row) for row in rows]
        except KeyError:  # no such condition or probe on this corpus
            continue
        summary[name] = {"mean": fmean(found), "least": min(found), "most": max(found)}
        if name in WITH_INTERVAL and column.interval is not None:
            ends = [column.interval(row) for row in rows]
            summary[name]["interval"] = [fmean(end) for end in zip(*ends, strict=True)]
    return summary


def markdown(
    summaries: Sequence[Mapping[str, Any]], published: Mapping[str, Mapping[str, Any]], layout: Layout = grid
) -> str:
    """The table: "mean (least-most) [interval over speakers]", and below it the published figures."""
    names = [name for name in COLUMNS if any(name in s for s in summaries)]
    cells = [[s["system"], *(cell(s.get(n), COLUMNS[n].digits) for n in names)] for s in summaries]
    text = layout(["system", *names], cells)
    if published:
        keys = ("static", "dynamic", "source")
        cells = [[name, *(str(p.get(k, "")) for k in keys)] for name, p in published.items()]
        text += "\n" + layout(["published", "static EER", "dynamic EER", "source"], cells)
    return text


def committable(
    title: str, caption: str, summaries: Sequence[Mapping[str, Any]], made: Mapping[str, Any]
) -> dict[str, Any]:
    """The same figures as `tools/results.py` reads them; `made`: command, commit, date and hardware."""
    names = [name for name in COLUMNS if any(name in s for s in summaries)]
    return {
        "title": title,
        "caption": caption,
        **{key: made[key] for key in ("command", "commit", "date", "hardware")},
        "transcribed": None,
        "columns": ["system", *names],
        "digits": {name: COLUMNS[name].digits for name in names if COLUMNS[name].digits != 1},
        "rows": list(summaries),
    }


def as_csv(summaries: Sequence[Mapping[str, Any]]) -> str:
    """The same figures, means alone, as comma-separated values."""
    out = io.StringIO()
    names = [name for name in COLUMNS if any(name in s for s in summaries)]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["system", "seeds", *names])
    for s in summaries:
        writer.writerow([s["system"], s["seeds"], *(s[n]["mean"] if n in s else "" for n in names)])
    return out.getvalue()


def cell(value: Mapping[str, Any] | float | str | None, digits: int) -> str:
    """A figure as text, "mean (least-most) [interval]" as far as they are known; whole numbers stay whole."""
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, Mapping):
        return str(value) if isinstance(value, int) else f"{value:.{digits}f}"
    text = f"{value['mean']:.{digits}f}"
    if "least" in value and value["least"] < value["most"]:
        text += f" ({value['least']:.{digits}f}-{value['most']:.{digits}f})"
    if value.get("interval"):
        text += f" [{', '.join(f'{end:.{digits}f}' for end in value['interval'])}]"
    return text
