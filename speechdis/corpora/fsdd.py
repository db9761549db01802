"""FSDD, the Free Spoken Digit Dataset (github.com/Jakobovski/free-spoken-digit-dataset), CC BY-SA 4.0.

`recordings/DIGIT_SPEAKER_TAKE.wav`, 8 kHz: 6 speakers say each English digit 50 times. Two splits:
`official` tests on takes 0 to 4 of everyone, so that its speakers are known, and draws some of the other takes
for `dev`; `speakers` tests on a speaker that is heard nowhere else, and has another one for `dev`.
"""

import argparse
import hashlib
import re
from pathlib import Path

from speechdis.corpora.digits import ENGLISH
from speechdis.corpora.layout import find, looks_like, recordings
from speechdis.corpora.splits import Report, fail, hold_out
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

SHARED_SPEAKERS = True
"""The published split has every speaker in every part."""
RATE = 8000  # Hz, as published
_TEST_TAKES = range(5)
_NAME = re.compile(r"([0-9])_([a-z]+)_([0-9]{1,9})")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare fsdd`."""
    parser.add_argument(
        "--split",
        choices=("official", "speakers"),
        default="official",
        help="test on takes 0-4 of every speaker, or on a speaker held out",
    )
    parser.add_argument("--held-out", metavar="SPEAKER", help="for 'speakers' (default: drawn)")
    parser.add_argument(
        "--dev-takes", type=int, default=5, metavar="N", help="for 'official': takes held for dev"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws speakers and takes")


def prepare(
    root: str | Path,
    split: str = "official",
    held_out: str | None = None,
    dev_takes: int = 5,
    seed: int = 0,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`; ids are `george-7-03`, `text` is the digit in words.

    Args:
        root: the repository, its `recordings`, or up to two folders above it.
        split: `official` or `speakers`.
        held_out: the test speaker of `speakers`; None draws one.
        dev_takes: how many of the training takes are `dev` in `official`.
        seed: draws.
        report: called for each audio file whose name is not one of FSDD.

    Raises:
        InputError: `root` is no FSDD; no such speaker; too few speakers or takes.
    """
    found = _utterances(Path(root), report)
    spks, takes = {u.spk for _, u in found}, {take for take, _ in found} - {*_TEST_TAKES}
    if split == "official":
        if not 0 < dev_takes < len(takes):
            raise InputError(f"{root}: --dev-takes {dev_takes}: choose from 1 to {len(takes) - 1}")
        dev = set(sorted(takes, key=lambda t: hashlib.sha256(f"{seed} {t}".encode()).digest())[:dev_takes])
        parts = ["test" if take in _TEST_TAKES else "dev" if take in dev else "train" for take, _ in found]
    else:
        if held_out is not None and held_out not in spks:
            raise InputError(f"{root}: no speaker '{held_out}'; there are: {', '.join(sorted(spks))}")
        test = {held_out} if held_out else hold_out(spks, 1, seed)
        others = hold_out(spks - test, 1, seed)
        parts = ["test" if u.spk in test else "dev" if u.spk in others else "train" for _, u in found]
    splits: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
    for part, (_, utterance) in zip(parts, found, strict=True):
        splits[part].append(utterance)
    return splits


def _utterances(root: Path, report: Report) -> list[tuple[int, Utterance]]:
    """Every recording with the number of its take, in the order of their names."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; FSDD is github.com/Jakobovski/free-spoken-digit-dataset")
    found = []
    for name, file in (find(root, _recordings, "FSDD") or {}).items():
        match = _NAME.fullmatch(name)
        if match is None:
            report(InputError(f"{file}: not named DIGIT_SPEAKER_TAKE.wav"))
            continue
        digit, spk, take = int(match[1]), match[2], int(match[3])
        utt = f"{spk}-{digit}-{take:02d}"
        found.append((take, Utterance(utt, spk, file.absolute(), text=ENGLISH[digit])))
    if not found:
        raise InputError(f"{root}: no recordings named like 7_george_3.wav{looks_like(root, 'FSDD')}")
    return found


def _recordings(held: dict[str, Path]) -> dict[str, Path] | None:
    """The audio files of a folder that holds at least one of FSDD's."""
    one = next((file for name, file in held.items() if _NAME.fullmatch(name.partition(".")[0])), None)
    found = recordings(one.parent) if one else {}
    return found if any(map(_NAME.fullmatch, found)) else None
