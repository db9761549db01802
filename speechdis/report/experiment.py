"""What an experiment directory holds, as far as it has got: a report shows a run that is not over, too."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from speechdis.errors import InputError

RESULTS = ("results.json", "results-test.json", "results-dev.json")  # the first that is there


@dataclass(frozen=True)
class Experiment:
    """One training, with its figures.

    Attributes:
        name: as the page says it.
        path: the directory.
        config: sections of `config.yaml`: model, training, data.
        metrics: lines of `metrics.jsonl`: step, and the terms of `train` and `valid`; empty before the first.
        run: `run.json`; empty until training is over.
        results: what `speechdis evaluate` found; empty where it has not run.
    """

    name: str
    path: Path
    config: dict[str, Any]
    metrics: tuple[dict[str, Any], ...]
    run: dict[str, Any]
    results: dict[str, Any]

    @property
    def trained(self) -> bool:
        """Whether there is a checkpoint to load."""
        return (self.path / "checkpoints" / "best.safetensors").is_file()

    @property
    def terms(self) -> list[str]:
        """Names of all terms of the loss that were logged, in their order."""
        return list(
            dict.fromkeys(
                term for line in self.metrics for split in ("train", "valid") for term in line.get(split, {})
            )
        )

    def curve(self, split: str, term: str) -> tuple[list[int], list[float]]:
        """Steps, and the term on "train" or "valid" at each."""
        found = [(line["step"], line[split][term]) for line in self.metrics if term in line.get(split, {})]
        return [step for step, _ in found], [value for _, value in found]


def read_experiments(paths: Sequence[Path]) -> list[Experiment]:
    """Experiments named by their directories, as far up as tells them apart.

    Raises:
        InputError: one twice, one that is none, or a damaged file in it.
    """
    places = [path.resolve() for path in paths]
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{path}: given twice; an experiment is shown once")
    depth = 1
    while len({_name(place, depth) for place in places}) < len(places):
        depth += 1
    return [_read(path, _name(place, depth)) for path, place in zip(paths, places, strict=True)]


def _name(place: Path, depth: int) -> str:
    return "/".join(place.parts[-depth:])


def _read(path: Path, name: str) -> Experiment:
    if not (path / "config.yaml").is_file():
        raise InputError(f"{path}: not an experiment (no config.yaml); give the --out of 'speechdis train'")
    results = next((path / file for file in RESULTS if (path / file).is_file()), path / RESULTS[0])
    return Experiment(
        name=name,
        path=path,
        config=_parsed(path / "config.yaml", yaml.safe_load),
        metrics=_lines(path / "metrics.jsonl"),
        run=_parsed(path / "run.json", json.loads) if (path / "run.json").is_file() else {},
        results=_parsed(results, json.loads) if results.is_file() else {},
    )


def _parsed(file: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    try:
        content = parse(file.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError) as error:
        raise InputError(f"{file}: damaged ({' '.join(str(error).split())}); make it again") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected names and values; make it again")
    return content


def _lines(file: Path) -> tuple[dict[str, Any], ...]:
    """Lines of `metrics.jsonl`; none where training has logged nothing."""
    lines = []
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            lines.append(json.loads(line))
            lines[-1]["step"]
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{file}:{number}: not a line that training logged; remove it") from None
    return tuple(lines)
