"""A published table of moving pictures, and what several seeds of each model come to beside it.

    python tools/seeds.py egs/sprites/published.yaml EXP/clips.json ... [--out egs/sprites/results/table.json]

A row has the mean over seeds (least-most) [the 95 % interval of the mean, by Student's t]; the row below it is the
paper's. The judge's own figures stand first. With --out the table is also written as `tools/results.py` reads it.
"""

import argparse
import datetime
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from speechdis.data.atomic import replacing
from speechdis.data.text import read_yaml
from speechdis.errors import InputError
from speechdis.evaluation import image_table
from speechdis.evaluation.suite import cell
from speechdis.evaluation.table import grid

SCORES = {"accuracy": "accuracy", "IS": "inception", "H(y given x)": "within", "H(y)": "between"}
DIGITS = {"accuracy": 2, "IS": 3, "H(y given x)": 3, "H(y)": 3}


def over_seeds(values: Sequence[float]) -> dict[str, Any]:
    """Mean, least and most; of two values or more also the 95 % interval of the mean.

    >>> over_seeds([1.0, 2.0, 3.0])["interval"]
    [-0.4841377118271443, 4.484137711827144]
    """
    from scipy.stats import t

    mean = statistics.fmean(values)
    found: dict[str, Any] = {"mean": mean, "least": min(values), "most": max(values)}
    if len(values) > 1:
        half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
        found["interval"] = [mean - half, mean + half]
    return found


def scores(result: Mapping[str, Any], condition: str, factors: Sequence[str]) -> dict[str, float]:
    """The four columns of a clips.json under a condition, the mean over factors; accuracy in %."""
    of = [result["scores"][condition][factor] for factor in factors]
    found = {name: statistics.fmean(one[key] for one in of) for name, key in SCORES.items()}
    return found | {"accuracy": 100 * found["accuracy"]}


def rows(asked: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the table: the judge, then each model that has results and its published figures."""

    def row(system: str, of: Sequence[Mapping[str, Any]], condition: str) -> dict[str, Any]:
        found = [scores(one, condition, asked["factors"]) for one in of]
        return {
            "system": system,
            "seeds": len(of),
            **{name: over_seeds([f[name] for f in found]) for name in SCORES},
        }

    made = [row("judge, of real sequences", results[-1:], image_table.REAL)]
    for model, published in asked["published"].items():
        own = [one for one in results if one["model"] == model]
        if own:
            made.append(row(published["system"], own, asked["condition"]))
        made.append({**published, "system": f"the paper: {published['system']}"})
    return made


def committable(asked: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The table as `tools/results.py` reads it; command, commit and machine are the last result's."""
    made = results[-1]["made"]
    judged = results[-1]["protocol"]
    caption = (
        f"{asked['condition']}, on {judged['split']}: accuracy in %, inception score, entropies in nats; mean over "
        "seeds (least-most) [95 % interval of the mean]."
    )
    return {
        "title": asked["title"],
        "caption": caption,
        **{key: made[key] for key in ("command", "commit", "hardware")},
        "date": datetime.date.today().isoformat(),
        "transcribed": None,
        "columns": ["system", "seeds", *SCORES],
        "digits": DIGITS,
        "rows": rows(asked, results),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("published", type=Path, help="the paper's table: published.yaml of a corpus")
    parser.add_argument(
        "results", type=Path, nargs="+", help="what 'speechdis clips' wrote of each model and seed"
    )
    parser.add_argument("--out", type=Path, help="also write the table there, to be committed")
    args = parser.parse_args()
    try:
        content = committable(read_yaml(args.published), [image_table.read(path) for path in args.results])
    except (InputError, KeyError, yaml.YAMLError) as error:
        print(f"seeds: {error}", file=sys.stderr)
        return 2
    columns = content["columns"]
    lines = [
        [row["system"], *(cell(row.get(name), DIGITS.get(name, 0)) for name in columns[1:])]
        for row in content["rows"]
    ]
    print(grid(columns, lines))
    if args.out is not None:
        with replacing(args.out) as partial:
            partial.write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
