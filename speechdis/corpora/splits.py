"""From a corpus's utterances to data directories: what every corpus has to satisfy, checked in one place."""

import hashlib
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

from speechdis.data.atomic import replacing_folder
from speechdis.data.directory import (
    Summary,
    directories_kind,
    utterance_duration,
    validate,
    write_directory,
)
from speechdis.data.directory_lines import require_writable
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

Report = Callable[[InputError], None]
"""What to do about one bad utterance: return to leave it out, raise to stop."""


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


def write_splits(
    path: str | Path, splits: dict[str, list[Utterance]], report: Report = fail, disjoint: bool = True
) -> dict[str, Summary]:
    """Write a data directory for each split, `path/train` and so on, all of them or none.

    Args:
        path: the tree; an earlier one is replaced.
        splits: split name to utterances.
        report: called with the InputError of each utterance whose audio does not open, which is left out.
        disjoint: no two splits may share a speaker.

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
            good = [u for u in utterances if opens(u, report)]
            if not good:
                raise InputError(
                    f"{path / name}: no utterances for it; check the corpus and its speaker lists"
                )
            write_directory(partial / name, good)
            summaries[name] = validate(partial / name)
    return summaries


def opens(utterance: Utterance, report: Report) -> bool:
    """Whether the recording opens and can be written of; `report` is told of one that does not."""
    try:
        require_writable(utterance, str(utterance.path))
        return utterance_duration(utterance) > 0
    except InputError as error:
        report(error)
        return False
