"""A suite: systems trained and measured under one budget, and their table, a mean over seeds with its range.

A suite is a YAML file:

    budget: {training.steps: 2000}        # set in every system, after its recipe
    systems:
      FHVAE, paper: {recipe: "fhvae/paper.yaml"}
      w/o content augmentation: {recipe: "cdsvae/{corpus}.yaml", set: {model.contrast_static: 0}}
    published:                             # shown below, as measured elsewhere
      C-DSVAE: {static: 4.03, dynamic: 31.81, source: "Bai et al. 2021, Table 4"}
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml

from speechdis.errors import InputError

Row = Mapping[str, Any]


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
    try:
        content = yaml.safe_load(path.read_text())
    except OSError:
        known = ", ".join(sorted(p.stem for p in (recipes / "suites").glob("*.yaml")))
        raise InputError(f"{path}: no such suite; there are: {known}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not a YAML file ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict) or not isinstance(content.get("systems"), dict):
        raise InputError(f"{path}: expected 'systems:' with a name and a recipe each")
    unknown = set(content) - {"budget", "systems", "published"}
    if unknown:
        raise InputError(f"{path}: unknown key '{min(unknown)}'; a suite has budget, systems and published")
    budget = content.get("budget") or {}
    systems = []
    for title, said in content["systems"].items():
        if not isinstance(said, dict) or "recipe" not in said or set(said) - {"recipe", "set"}:
            raise InputError(f"{path}: system '{title}' needs 'recipe', and may have 'set', nothing else")
        recipe = recipes / said["recipe"].format(corpus=corpus)
        if not recipe.is_file():
            raise InputError(f"{path}: system '{title}': {recipe}: no such recipe")
        settings = {**budget, **(said.get("set") or {})}
        systems.append(System(title, recipe, tuple(f"{k}={v}" for k, v in settings.items())))
    slugs = [s.slug for s in systems]
    if len(set(slugs)) < len(slugs):
        raise InputError(f"{path}: two systems whose names make the same folder")
    return Suite(tuple(systems), content.get("published") or {})


def _eer(code: str, condition: str = "clean", kind: str = "raw") -> Callable[[Row], float]:
    return lambda row: 100 * row[code][condition][kind]["eer"]


COLUMNS: dict[str, Callable[[Row], float]] = {
    "static EER": _eer("static"),
    "static EER, channel": _eer("static", "channel"),
    "dynamic EER": _eer("dynamic"),
    "dynamic EER, channel": _eer("dynamic", "channel"),
    "gap": lambda row: _eer("dynamic")(row) - _eer("static")(row),
    "attacker on z EER": _eer("attacker"),
    "attacker on z EER, channel": _eer("attacker", "channel"),
    "speaker probe s %": lambda row: 100 * row["probes"]["speaker_static"]["value"],
    "speaker probe z %": lambda row: 100 * row["probes"]["speaker_dynamic"]["value"],
    "phone probe z %": lambda row: 100 * row["probes"]["phones_dynamic"]["value"],
    "phone probe s %": lambda row: 100 * row["probes"]["phones_static"]["value"],
    "phone errors z %": lambda row: 100 * row["probes"]["phone_errors_dynamic"]["rate"],
    "energy in z, R2": lambda row: row["probes"]["energy_dynamic"],
    "squared error": lambda row: row["reconstruction"]["squared_error"],
    "active z": lambda row: row["reconstruction"]["active_dynamic"],
    "parameters, M": lambda row: row["parameters"] / 1e6,
    "training, min": lambda row: row["seconds"] / 60,
}
_DIGITS = {"energy in z, R2": 2, "squared error": 3, "active z": 0, "parameters, M": 2}


def summarise(title: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Mean, least and most of every column over the seeds of one system, and the mean of its intervals."""
    summary: dict[str, Any] = {"system": title, "seeds": len(rows)}
    for name, value in COLUMNS.items():
        try:
            found = [value(row) for row in rows]
        except KeyError:  # no such condition or probe on this corpus
            continue
        summary[name] = {"mean": fmean(found), "least": min(found), "most": max(found)}
    for code in ("static", "dynamic"):
        ends = [row[code]["clean"]["raw"]["interval"] for row in rows]
        summary[f"{code} EER"]["interval"] = [100 * fmean(end) for end in zip(*ends, strict=True)]
    return summary


def markdown(summaries: Sequence[Row], published: Mapping[str, Mapping[str, Any]]) -> str:
    """The table: "mean (least-most) [interval over speakers]", and below it the published figures."""
    names = [name for name in COLUMNS if any(name in s for s in summaries)]
    lines = [["system", *names], ["---"] * (len(names) + 1)]
    lines += [[s["system"], *(_cell(s.get(name), _DIGITS.get(name, 1)) for name in names)] for s in summaries]
    text = _lines(lines)
    if published:
        lines = [["published", "static EER", "dynamic EER", "source"], ["---"] * 4]
        lines += [
            [name, *(str(p.get(k, "")) for k in ("static", "dynamic", "source"))]
            for name, p in published.items()
        ]
        text += "\n" + _lines(lines)
    return text


def as_csv(summaries: Sequence[Row]) -> str:
    """The same figures, means alone, as comma-separated values."""
    out = io.StringIO()
    names = [name for name in COLUMNS if any(name in s for s in summaries)]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["system", "seeds", *names])
    for s in summaries:
        writer.writerow([s["system"], s["seeds"], *(s[n]["mean"] if n in s else "" for n in names)])
    return out.getvalue()


def _cell(value: Mapping[str, Any] | None, digits: int) -> str:
    if value is None:
        return ""
    text = f"{value['mean']:.{digits}f}"
    if value["least"] < value["most"]:
        text += f" ({value['least']:.{digits}f}-{value['most']:.{digits}f})"
    if "interval" in value:
        text += " [{:.1f}, {:.1f}]".format(*value["interval"])
    return text


def _lines(rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
