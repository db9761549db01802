"""The table of what a judge makes of image sequences: the C-DSVAE paper's four columns, a row for each kept factor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from speechdis.data.text import read_json
from speechdis.errors import InputError

HEAD = ("system", "sequences", "factor", "accuracy", "IS", "H(y|x)", "H(y)")
REAL = "real"  # sequences
KEPT = {"motion kept": "motion", "content kept": "content"}  # what should be found


def read(path: Path) -> dict[str, Any]:
    """What `speechdis clips` wrote. Raises InputError where no table can be made of it."""
    content = read_json(path)
    try:
        rows([content])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: not a clips.json of 'speechdis clips', or damaged ({error!r})") from None
    return dict(content)


def markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """Results of `speechdis clips` as a Markdown table."""
    head = [title.replace("|", "\\|") for title in HEAD]
    lines = [head, [":--"] * 3 + ["--:"] * 4, *rows(results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def rows(results: Sequence[Mapping[str, Any]]) -> list[Sequence[str]]:
    """Cells under `HEAD`, a row a factor; what the last one's judge makes of real sequences is first."""
    found = _rows("judge", results[-1], [REAL])
    for one in results:
        found += _rows(one["system"], one, [condition for condition in one["scores"] if condition != REAL])
    return found


def _rows(system: str, result: Mapping[str, Any], conditions: Sequence[str]) -> list[Sequence[str]]:
    """The cells of a row for each factor that a condition keeps."""
    found: list[Sequence[str]] = []
    for condition in conditions:
        for factor, one in result["scores"][condition].items():
            if condition in KEPT and (factor == "motion") != (KEPT[condition] == "motion"):
                continue  # was drawn anew
            entropies = [f"{one[name]:.3f}" for name in ("inception", "within", "between")]
            found.append([system, condition, factor, f"{100 * one['accuracy']:.2f} %", *entropies])
    return found
