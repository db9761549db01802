"""Recordings judged from outside: a list of any system's, or swaps that are made for it; a table comes out."""

import datetime
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from speechdis.data.atomic import replacing
from speechdis.data.directory import read_directory
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.evaluation.outside import swaps, table
from speechdis.evaluation.outside.bench import Bench
from speechdis.evaluation.outside.listening import listen_all, progress
from speechdis.evaluation.outside.manifest import Manifest, Take
from speechdis.evaluation.outside.table import Judged
from speechdis.evaluation.outside.verdict import Verdict
from speechdis.evaluation.swap_scores import pairs_of
from speechdis.evaluation.table import upright
from speechdis.synthesis import codes
from speechdis.synthesis.manner import Manner
from speechdis.training import checkpoint
from speechdis.training.checkpoint import Checkpoint
from speechdis.training.distributed import processes
from speechdis.training.provenance import provenance
from speechdis.training.run_directory import RunDirectory

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdicts:
    """What was made of a list.

    Attributes:
        rows: of each take its verdict, or why there is none.
        systems: summaries of each system's, and of the real recordings that they were made of.
        speakers: by number.
        known_by_lent: takes whose A or B is known by those recordings alone that lent the voice or the words.
    """

    rows: list[tuple[Take, Judged | str]]
    systems: dict[str, Any]
    speakers: list[str]
    known_by_lent: int

    @property
    def failures(self) -> list[dict[str, str]]:
        """Takes without a verdict."""
        return [{"path": str(take.path), "reason": row} for take, row in self.rows if isinstance(row, str)]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "systems": self.systems,
            "judged": len(self.rows) - len(self.failures),
            "speakers": len(self.speakers),
            "known_by_lent": self.known_by_lent,
            "failures": self.failures,
        }

    def log(self) -> None:
        """The table, and what it rests on."""
        _LOG.info("\n%s", table.shown(self.systems, upright))
        made = len(self.rows) - len(self.failures)
        _LOG.info("%d recordings judged, %d not; %d speakers", made, len(self.failures), len(self.speakers))
        if self.known_by_lent:
            _LOG.warning(
                "%d of them: A or B is known only by what lent the voice or the words; --data with other recordings "
                "of the speakers makes the judgement fair",
                self.known_by_lent,
            )

    def write(self, path: Path, lines: Path) -> None:
        """The summaries as JSON to `path`, and every recording's verdict, as a table with tabs, to `lines`."""
        with replacing(path) as partial:
            partial.write_text(json.dumps(self.as_dict(), indent=1) + "\n", "utf-8")
        with replacing(lines) as partial:
            partial.write_text("".join(self._lines()), "utf-8")

    def _lines(self) -> Iterator[str]:
        names = [name for name in Verdict.__dataclass_fields__ if name != "speaker"]
        yield "\t".join(["path", "system", "voice", "content", "heard_as", *names, "fault"]) + "\n"
        for take, row in self.rows:
            if isinstance(row, str):
                cells = [str(take.path), take.system, take.voice, "", "", *[""] * len(names), row]
            else:
                found = asdict(row.verdict)
                who = (self.speakers[k] for k in (row.voice, row.content, row.verdict.speaker))
                figures = ("" if found[name] is None else f"{found[name]:.6g}" for name in names)
                cells = [str(take.path), take.system, *who, *figures, ""]
            yield "\t".join(cell.replace("\t", " ") for cell in cells) + "\n"


def judge_all(manifest: Manifest, jobs: int = 1, strict: bool = False) -> Verdicts:
    """The verdict on every recording of a list, and on the real ones that it was made of.

    Args:
        manifest: the list.
        jobs: processes.
        strict: a recording that cannot be judged is an error; otherwise it is reported and left out.

    Raises:
        InputError: not one can be judged; or, under `strict`, one cannot.
    """
    takes = manifest.takes
    used = sorted({k for take in takes for k in (take.content, *take.lent[:1])})
    bench = Bench.of(manifest.recordings, used, jobs)
    heard = progress(
        listen_all([Utterance(take.path.name, "", take.path) for take in takes], jobs), len(takes), "judged"
    )
    rows = [(take, bench.verdict(take, one)) for take, one in zip(takes, heard, strict=True)]
    systems: dict[str, list[Judged]] = {}
    good = []
    for take, row in rows:
        if isinstance(row, Judged):
            good.append(take)
            systems.setdefault(take.system or "judged", []).append(row)
        else:
            _report(take, row, strict)
    if not good:
        raise InputError(f"not one recording can be judged; the last: {rows[-1][1]}")
    found = {**bench.real(good), **systems}
    lonely = sum(bench.lonely(take) for take in good)
    return Verdicts(rows, {name: table.summary(one) for name, one in found.items()}, bench.speakers, lonely)


def judge_pairs(
    models: Sequence[Path],
    data: Path,
    count: int,
    manners: Sequence[Manner],
    jobs: int = 1,
    device: str = "cpu",
) -> dict[str, Any]:
    """Swaps of `count` pairs of a data directory's utterances, judged beside what they must beat.

    Args:
        models: checkpoints; of several each swaps the same pairs, and has rows by the name of its experiment.
        data: the directory; every speaker is known by the other recordings there.
        count: pairs of utterances of different speakers.
        manners: as of `swaps.judge_swaps`.
        jobs: processes that listen.
        device: "cpu", "cuda" or "auto".

    Raises:
        InputError: a model without static and dynamic factors; two of one name; as `pairs_of` and `swaps.judge_swaps`.
    """
    utterances = read_directory(data)
    pairs = pairs_of(utterances, count)
    with processes(device) as chosen:
        made = {**provenance(chosen), "date": datetime.date.today().isoformat()}
        trained = _loaded(models, chosen)
        found = swaps.judge_swaps(trained, utterances, pairs, manners, jobs)
    _LOG.info("\n%s", table.about(found, upright))
    return table.committable(found, f"{', '.join(trained)}: swaps of {data}", made)


def _loaded(models: Sequence[Path], device: torch.device) -> dict[str, Checkpoint]:
    """Models that can swap, by name."""
    trained: dict[str, Checkpoint] = {}
    for path in models:
        name = _name(checkpoint.resolve(path))
        if name in trained:
            raise InputError(f"{path}: a second model named '{name}'; rows go by the names of experiments")
        trained[name] = checkpoint.load(path, device)
        codes.check(trained[name])
    return trained


def _name(file: Path) -> str:
    """Of the experiment that a checkpoint is of, or of the file."""
    run = RunDirectory.around(file)
    return file.stem if run.path == file.parent else run.name


def _report(take: Take, fault: str, strict: bool) -> None:
    if strict:
        raise InputError(fault)
    _LOG.warning("not judged: %s: %s", take.path.name, fault)
