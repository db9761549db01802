"""Attackers on anonymised data directories, of any system: frames, scenarios, words, and a table of them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechdis.data.directory import read_directory
from speechdis.data.text import read_json, read_table
from speechdis.errors import InputError
from speechdis.evaluation import privacy
from speechdis.evaluation.outside.lost import lost_words
from speechdis.evaluation.privacy import SCENARIOS, List, Side
from speechdis.evaluation.suite import cell
from speechdis.evaluation.table import grid
from speechdis.features.store import Store
from speechdis.judges import outside
from speechdis.pipeline.frames import Work, make_features

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Directories:
    """Data directories as they were, or anonymised; None or () where there are none."""

    train: Path | None = None
    enroll: Path | None = None
    trials: tuple[Path, ...] = ()


def attack(
    original: Directories,
    anonymised: Directories,
    work: Path,
    steps: int,
    seed: int = 0,
    words: int | None = None,
    jobs: int = 1,
    device: str = "cpu",
) -> dict[str, Any]:
    """Every scenario's figures, and the words that were lost.

    Args:
        original, anonymised: directories; the trials of both in the same order.
        work: a folder for frames.
        steps: of the attackers' network at most.
        seed: of the attackers.
        words: utterances whose words are heard; None for all, 0 for none.
        jobs: threads, and processes that hear words.
        device: "cpu" or "cuda".

    Raises:
        InputError: as `privacy.attacked`; unequally many trials.
    """
    if original.trials and anonymised.trials and len(original.trials) != len(anonymised.trials):
        raise InputError("give as many directories to --trials as to --trials-anon, in the same order")
    names = [one.name for one in original.trials or anonymised.trials]
    if len(set(names)) < len(names):
        raise InputError("two directories of trials have one name")
    sides = [
        _side(which, names, work / title, jobs)
        for title, which in (("original", original), ("anonymised", anonymised))
    ]
    found = privacy.attacked(sides[0], sides[1], steps, seed, device)
    if words != 0 and original.trials and anonymised.trials:
        try:
            outside.package("hama")
        except InputError as error:
            _LOG.warning("no words are heard: %s", error)
        else:
            was, now = (
                {u.utt: u for one in which.trials for u in read_directory(one)}
                for which in (original, anonymised)
            )
            found["words"] = lost_words(list(was.values()), list(now.values()), words, jobs)
    return found


def _side(which: Directories, names: Sequence[str], work: Path, jobs: int) -> Side:
    """Frames and lists of directories; a directory that stands for two things is read once."""
    made: dict[Path, Store] = {}

    def store(data: Path, name: str) -> Store:
        if data not in made:
            made[data] = make_features(data, work / name, work=Work(jobs, overwrite=True))[""].store
        return made[data]

    lists = {}
    for name, data in zip(names, which.trials, strict=False):
        lists[name] = List.read(store(data, f"trials-{name}"), data)
    enroll = which.enroll
    listed = enroll / "enrolls" if enroll else None
    enrolled = [utt for _, utt, _ in read_table(listed)] if listed and listed.exists() else None
    return Side(
        store(which.train, "train") if which.train else None,
        store(enroll, "enroll") if enroll else None,
        lists,
        enrolled,
    )


def table(found: Mapping[str, Any]) -> str:
    """A row a scenario: what is anonymised, and the EER of each list with its interval."""
    lists = list(dict.fromkeys(name for one in found["scenarios"].values() for name in one["lists"]))
    columns = ["attacker", "learnt from", "knows"]
    columns += [f"{what}: {name}" for name in lists for what in ("EER, %", "linkability")] + ["by"]
    rows = []
    for name, one in found["scenarios"].items():
        train, enroll, _ = SCENARIOS[name]
        told = ["anonymised" if yes else "original" for yes in (train, enroll)]
        cells = [text for title in lists for text in _cells(one["lists"].get(title))]
        rows.append([name, *told, *cells, one["attacker"]])
    return grid(columns, rows)


def _cells(figures: Mapping[str, Any] | None) -> tuple[str, str]:
    """EER with its interval, and linkability."""
    if figures is None:
        return "", ""
    ends = [100 * end for end in figures["interval"] or ()]
    return cell({"mean": 100 * figures["eer"], "interval": ends}, 1), cell(figures["linkability"], 2)


def log(found: Mapping[str, Any], beside: Sequence[Path] = ()) -> None:
    """The table, words, and figures of others."""
    _LOG.info("\n%s", table(found))
    for name, one in found["attackers"].items():
        _LOG.info(
            "attackers on %s speech: %d utterances of %d speakers", name, one["utterances"], one["speakers"]
        )
    if words := found.get("words"):
        interval = words["interval_percent"]
        told = f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else ""
        _LOG.info(
            "phonemes wrong, of the original recording: %.1f%s %% of %d, in %d utterances",
            words["wrong_percent"], told, words["phonemes"], words["utterances"],
        )  # fmt: skip
    for file in beside:
        _LOG.info("\n%s", published(file))


def published(file: Path) -> str:
    """Title, caption and table of a file of results, as `egs/*/results` has them. Raises InputError for any other."""
    told = read_json(file)
    try:
        names, digits = told["columns"], told.get("digits", {})
        rows = [
            [row[names[0]], *(cell(row.get(name), digits.get(name, 1)) for name in names[1:])]
            for row in told["rows"]
        ]
        return f"{told['title']}: {told['caption']}\n{grid(names, rows)}"
    except (KeyError, TypeError, AttributeError, ValueError):
        raise InputError(f"{file}: no table of results; see egs/voiceprivacy/results") from None
