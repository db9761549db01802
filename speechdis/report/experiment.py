"""What an experiment directory holds, as far as it has got: a report shows a run that is not over, too."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from speechdis.data.text import parse_json, read_json, read_text, read_yaml
from speechdis.errors import InputError
from speechdis.evaluation import image_table
from speechdis.evaluation.results import Results
from speechdis.training.run_directory import RunDirectory


@dataclass(frozen=True)
class Experiment:
    """One training, with its figures.

    Attributes:
        name: as the page says it.
        path: the directory.
        config: sections of `config.yaml`: model, training, data.
        metrics: lines of `metrics.jsonl`: step, and the terms of `train` and `valid`; empty before the first.
        run: `run.json`; empty until training is over.
        results: what `speechdis evaluate` wrote; empty where it has not run.
        clips: what `speechdis clips` wrote, of a model of images; empty where it has not run.
        row, references: figures of it, and of floors and ceilings beside it.
    """

    name: str
    path: Path
    config: dict[str, Any]
    metrics: tuple[dict[str, Any], ...]
    run: dict[str, Any]
    results: dict[str, Any]
    clips: dict[str, Any] = field(default_factory=dict)
    row: Results | None = None
    references: tuple[Results, ...] = ()

    @property
    def trained(self) -> bool:
        """Whether there is a checkpoint to load."""
        return RunDirectory(self.path).checkpoint("best").is_file()

    @property
    def terms(self) -> list[str]:
        """Names of all terms of the loss that were logged, in their order."""
        return list(
            dict.fromkeys(
                term for line in self.metrics for split in ("train", "valid") for term in line.get(split, {})
            )
        )

    @property
    def trials(self) -> tuple[str, str]:
        """The test set that results are of: what tells it from others, and in words; ("", "") without results."""
        if self.row is None or not self.row.static:
            return "", ""
        figures = self.row.static["clean"]["raw"]
        protocol = self.results.get("protocol", {})
        line = "{speakers} {split} speakers, {target:,} target and {nontarget:,} non-target trials"
        told = line.format(split=protocol.get("split", "test"), **asdict(figures))
        return str(protocol.get("utterances") or told), told

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
    directory = RunDirectory(path)
    directory.require()
    results, record = directory.results, directory.record
    content = _sections(results, read_json(results), "row", "protocol", "made") if results.is_file() else {}
    references = content.get("references", [])
    if not isinstance(references, list):
        raise InputError(f"{results}: expected a list under 'references'; make it again")
    return Experiment(
        name=name,
        path=path,
        config=_sections(directory.config, read_yaml(directory.config), "model", "training", "data"),
        metrics=_lines(directory.metrics),
        run=_sections(record, read_json(record)) if record.is_file() else {},
        results=content,
        clips=image_table.read(directory.clips) if directory.clips.is_file() else {},
        row=Results.read(content.get("row"), str(results)) if content else None,
        references=tuple(Results.read(one, str(results)) for one in references),
    )


def _sections(file: Path, content: Any, *names: str) -> dict[str, Any]:
    """`content` of a file, if it is names and values, and what it has under `names` is so, too."""
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected names and values; make it again")
    for name in names:
        if not isinstance(content.get(name, {}), dict):
            raise InputError(f"{file}: expected names and values under '{name}'; make it again")
    return content


def _lines(file: Path) -> tuple[dict[str, Any], ...]:
    """Lines of `metrics.jsonl`; none where training has logged nothing."""
    lines = []
    text = read_text(file) if file.is_file() else ""
    for number, text_of in enumerate(text.splitlines(), 1):
        try:
            line = parse_json(text_of, f"{file}:{number}")
        except InputError:
            line = None
        if not _logged(line):
            raise InputError(f"{file}:{number}: not a line that training logged; remove it")
        lines.append(line)
    return tuple(lines)


def _logged(line: Any) -> bool:
    """Whether this is a step, and numbers by name under "train" and "valid"."""
    if not isinstance(line, dict) or type(line.get("step")) is not int:
        return False
    parts = [line.get(split, {}) for split in ("train", "valid")]
    return all(
        isinstance(part, dict) and all(type(value) in (int, float) for value in part.values())
        for part in parts
    )
