"""TIDIGITS (LDC93S10): English digit strings of 326 speakers, in its published layout or generated in it.

`tidigits/{train,test}/{man,woman,boy,girl}/SPEAKER/DIGITSTAKE.wav`, in either letter case: `z1234a.wav` is the
first take of "zero one two three four", `ob.wav` the second of "oh". Each speaker says the eleven digits twice
and 55 strings of 2 to 5 and 7 digits. The 225 adults are read unless all are asked for (PVAE, Hsu and Glass
2018, section 4.1, uses the adults). Some training speakers, chosen by seed, become `dev`. The files are
shorten-compressed SPHERE (20 kHz); preparing reads their headers alone.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from speechdis.corpora.digits import ENGLISH
from speechdis.corpora.layout import folders, looks_like, recordings
from speechdis.corpora.splits import Report, fail, hold_out
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

RATE = 20000  # Hz, as published
GENDERS = {"man": "m", "woman": "f", "boy": "m", "girl": "f"}
ADULTS = ("man", "woman")
LETTERS = {"z": "zero", "o": "oh", **{str(i): ENGLISH[i] for i in range(1, 10)}}
_NAME = re.compile(r"([zo1-9]+)([a-z])")
_WHERE = (
    "TIDIGITS is LDC93S10, licensed by the Linguistic Data Consortium; without it, "
    "'speechdis generate tidigits' or 'egs/tidigits/run.sh --generated' makes a tree of the same layout"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare tidigits`."""
    parser.add_argument("--all", action="store_true", help="boys and girls too (default: adults)")
    parser.add_argument("--isolated", action="store_true", help="only isolated digits (default: strings too)")
    parser.add_argument(
        "--dev-speakers",
        type=int,
        metavar="N",
        help="training speakers held for validation (default: one in ten)",
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses them")


def prepare(
    root: str | Path,
    all: bool = False,
    isolated: bool = False,
    dev_speakers: int | None = None,
    seed: int = 0,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, whose `text` is the digits in words; ids are `ae_z1234a`.

    Args:
        root: the folder that holds `train` and `test`, or one (to three) above it.
        all: children too.
        isolated: leave strings of digits out.
        dev_speakers: how many of the training speakers become `dev`; None: one in ten, at least one.
        seed: chooses them.
        report: called with the InputError of each file whose name is not one of TIDIGITS.

    Raises:
        InputError: `root` is no TIDIGITS tree; too few speakers; the files need a decoder that is not installed.
    """
    found: dict[str, list[Utterance]] = {"train": [], "test": []}
    for part, group, folder in _groups(Path(root)):
        if all or group in ADULTS:
            utterances = _utterances(folder, GENDERS[group], report)
            found[part] += [u for u in utterances if not isolated or len(u.text.split()) == 1]
    if not any(found.values()):
        whose = looks_like(root, "TIDIGITS")
        raise InputError(f"{root}: no train/man, test/woman and so on with recordings{whose}; {_WHERE}")
    _require_decoder(next(u.path for utterances in found.values() for u in utterances))
    spks = {u.spk for u in found["train"]}
    count = max(1, round(len(spks) / 10)) if dev_speakers is None else dev_speakers
    dev = hold_out(spks, count, seed)
    return {
        "train": [u for u in found["train"] if u.spk not in dev],
        "dev": [u for u in found["train"] if u.spk in dev],
        "test": found["test"],
    }


def parse(name: str) -> tuple[str, str]:
    """A file's name without its suffix, as `z1a`, to its digits in words and its take: `("zero one", "a")`.

    Raises:
        InputError: it is no such name.
    """
    match = _NAME.fullmatch(name.lower())
    if match is None:
        raise InputError(f"{name!r} is not digits (z, o, 1-9) and the letter of a take, as in z1234a.wav")
    return " ".join(LETTERS[letter] for letter in match[1]), match[2]


def _groups(root: Path) -> Iterator[tuple[str, str, Path]]:
    """("train" or "test", group, folder), wherever they are: the discs have one part each."""
    for _, folder, held in folders(root, depth=4):
        part = folder.name.lower()
        for group in sorted(held.keys() & GENDERS.keys()) if part in ("train", "test") else ():
            if held[group].is_dir():
                yield part, group, held[group]


def _utterances(folder: Path, gender: str, report: Report) -> Iterator[Utterance]:
    for speaker in sorted(path for path in folder.iterdir() if path.is_dir()):
        for name, file in recordings(speaker).items():
            spk = speaker.name.lower()
            try:
                yield Utterance(f"{spk}_{name}", spk, file, gender=gender, text=parse(name)[0])
            except InputError as error:
                report(InputError(f"{file}: {error}"))


def _require_decoder(file: Path) -> None:
    """Say now that every file will need what is not here, rather than once a file later."""
    from speechdis.data import sphere

    try:
        coding = (sphere.read_header(file) or {}).get("sample_coding", "")
    except InputError:  # reported when its turn comes
        return
    if "shorten" in coding:
        sphere.require_decoder(file, coding)
