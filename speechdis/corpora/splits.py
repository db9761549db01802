"""From a corpus's utterances to data directories: what every corpus has to satisfy, checked in one place."""

import hashlib
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import NamedTuple

from speechdis.data.atomic import replacing, replacing_folder
from speechdis.data.directory import (
    Summary,
    directories_kind,
    read_directory,
    utterance_duration,
    write_directory,
)
from speechdis.data.directory_lines import require_writable
from speechdis.data.jobs import map_utterances
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_MANY = 10_000  # recordings: from there on processes share the opening of them
_READERS = 4  # processes, at most
_PIECE = 250  # recordings that one opens at a time
Report = Callable[[InputError], None]
"""What to do about one bad utterance: return to leave it out, raise to stop."""


class Trial(NamedTuple):
    """A trial of a published list: two utterances of the test set, and whether they are of one speaker."""

    enroll: str
    test: str
    target: bool


def fail(error: InputError) -> None:
    """The strict report: the first bad utterance ends the work."""
    raise error


def hold_out(spks: Iterable[str], count: int, seed: int) -> set[str]:
    """`count` of the speakers, drawn by `seed`: the same with every version of every library.

    Raises:
        InputError: `count` would take none or all of them.

    >>> sorted(hold_out(["ann", "bob", "cleo", "dan"], 2, seed=0))
    ['ann', 'dan']
    """
    spks = set(spks)
    if len(spks) < 2:
        raise InputError(f"{len(spks)} speaker(s) to hold {count} out of: is the corpus whole?")
    if not 0 < count < len(spks):
        raise InputError(f"cannot hold out {count} of {len(spks)} speakers: choose 1 to {len(spks) - 1}")
    return set(sorted(spks, key=lambda spk: hashlib.sha256(f"{seed} {spk}".encode()).digest())[:count])


def complete(parts: dict[str, list[Utterance]], seed: int) -> dict[str, list[Utterance]]:
    """`train`, `dev` and `test`, where a release, or what a person has of it, lacks some of them.

    Parts that are there stay as they are, but: without `test`, `dev` is it; without `train`, `dev` is it. Speakers for
    what is then still missing are drawn out of `train` by `seed`: a tenth of them, and two at least for `test`.

    Raises:
        InputError: there are too few speakers.
    """
    train, dev, test = (parts.get(name, []) for name in ("train", "dev", "test"))
    if not test:
        dev, test = [], dev
    if not train:
        train, dev = dev, []
    if not train:
        train, test = test, []
    for name, least in (("test", 2), ("dev", 1)):
        if (name == "test" and test) or (name == "dev" and dev):
            continue
        spks = {u.spk for u in train}
        drawn = hold_out(spks, max(least, round(len(spks) / 10)), seed)
        held = [u for u in train if u.spk in drawn]
        train = [u for u in train if u.spk not in drawn]
        dev, test = (dev, held) if name == "test" else (held, test)
        _LOG.info("%s: %d of %d speakers, drawn", name, len(drawn), len(spks))
    return {"train": train, "dev": dev, "test": test}


def write_splits(
    path: str | Path,
    splits: dict[str, list[Utterance]],
    report: Report = fail,
    disjoint: bool = True,
    trials: Mapping[str, list[Trial]] | None = None,
) -> dict[str, Summary]:
    """Write a data directory for each split, `path/train` and so on, all of them or none.

    Args:
        path: the tree; an earlier one is replaced.
        splits: split name to utterances.
        report: called with the InputError of each utterance whose audio does not open, which is left out.
        disjoint: no two splits may share a speaker.
        trials: published lists by name, written as `path/test/trials_NAME`.

    Raises:
        InputError: an empty split, or, if `disjoint`, a speaker in two of them.
    """
    path = Path(path)
    for one, other in combinations(splits, 2) if disjoint else ():
        shared = {u.spk for u in splits[one]} & {u.spk for u in splits[other]}
        if shared:
            raise InputError(
                f"speaker '{min(shared)}' is in {one} and in {other}; splits must not share speakers"
            )
    summaries = {}
    with replacing_folder(path, directories_kind(splits)) as partial:
        for name, utterances in splits.items():
            lengths = list(_lengths(utterances, report))
            usable = [u for u, length in zip(utterances, lengths, strict=True) if length]
            good = {u.utt: length for u, length in zip(utterances, lengths, strict=True) if length}
            if not usable:
                raise InputError(
                    f"{path / name}: no utterances for it; check the corpus and its speaker lists"
                )
            write_directory(partial / name, usable)
            written = read_directory(partial / name)  # as every later step will; headers are read once, above
            hours = sum(good[u.utt] for u in written) / 3600
            summaries[name] = Summary(len(written), len({u.spk for u in written}), hours)
            for which, listed in (trials or {}).items() if name == "test" else ():
                _write_trials(partial / name / f"trials_{which}", listed, good.keys())
    return summaries


def _write_trials(path: Path, trials: list[Trial], there: Collection[str]) -> None:
    """Write the trials whose utterances are there, and say how many are not."""
    kept = [t for t in trials if t.enroll in there and t.test in there]
    lost = len(trials) - len(kept)
    _LOG.log(
        logging.WARNING if lost else logging.INFO,
        "test/%s: %s trials%s",
        path.name,
        f"{len(kept):,}",
        f"; NOT the published list: {lost:,} are of recordings that are not there" if lost else "",
    )
    if kept:
        words = {True: "target", False: "nontarget"}
        lines = "".join(f"{t.enroll} {t.test} {words[t.target]}\n" for t in kept)
        with replacing(path) as partial:
            partial.write_text(lines, "utf-8")


def opens(utterance: Utterance, report: Report) -> bool:
    """Whether the recording opens and can be written of; `report` is told of one that does not."""
    return next(_lengths([utterance], report)) > 0


def _lengths(utterances: Sequence[Utterance], report: Report) -> Iterator[float]:
    """Seconds of each by the header of its recording; 0, and reported, where it cannot be used.

    Opening a file takes 0.1 ms of a core, or longer on a disk elsewhere: where there are many, processes share them.
    """
    jobs = min(_READERS, os.cpu_count() or 1) if len(utterances) > _MANY else 1
    pieces = (utterances[k : k + _PIECE] for k in range(0, len(utterances), _PIECE))
    for found in chain.from_iterable(map_utterances(_seconds, pieces, jobs)):
        if isinstance(found, InputError):
            report(found)
        yield 0 if isinstance(found, InputError) else found


def _seconds(utterances: Sequence[Utterance]) -> list[float | InputError]:
    """The length of each, or what is wrong with it."""
    found: list[float | InputError] = []
    for utterance in utterances:
        try:
            require_writable(utterance, str(utterance.path))
            found.append(utterance_duration(utterance))
        except InputError as error:
            found.append(error)
    return found
