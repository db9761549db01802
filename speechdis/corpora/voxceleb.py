"""What VoxCeleb1 and VoxCeleb2 share (robots.ox.ac.uk/~vgg/data/voxceleb): `idNNNNN/VIDEO/NNNNN.wav` or `.m4a`.

They may lie in several parts (`vox1_dev_wav/wav`, `dev/aac`), down to four folders below the root. Stems repeat, so an
id is speaker-video-stem. One video has one channel, so it is the session of its utterances. Of a recording in two
codings, such as an m4a with its wav beside it, the one that is quicker to read counts.
"""

import argparse
import importlib.util
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern
from typing import NamedTuple

from speechdis.corpora.splits import Report, Trial, hold_out
from speechdis.data.text import read_text
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_SPEAKER = re.compile(r"id\d{5}")
_CODINGS = (".wav", ".flac", ".m4a", ".mp4")  # quickest first
_DEPTH = 4
LISTS = {  # of VoxCeleb1, by our name: the cleaned list, else the first one, each with its number of trials
    "o": {"veri_test2.txt": 37_611, "veri_test.txt": 37_720},
    "e": {"list_test_all2.txt": 579_818, "list_test_all.txt": 581_480},
    "h": {"list_test_hard2.txt": 550_894, "list_test_hard.txt": 552_536},
}
_BESIDE = {"vox1_meta.csv", "vox2_meta.csv", *(name for names in LISTS.values() for name in names)}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of both."""
    add = parser.add_argument
    add(
        "--dev-speakers",
        type=int,
        metavar="N",
        help="held for validation (default: one in 30 of the training's)",
    )
    add("--seed", type=int, default=0, help="chooses them")


class Speaker(NamedTuple):
    """A row of `voxN_meta.csv`: "m", "f" or "" where unknown, and "dev", "test" or ""."""

    gender: str = ""
    part: str = ""


@dataclass
class Tree:
    """What lies below a root: speakers' folders, and the lists and tables beside them by their names."""

    speakers: list[Path] = field(default_factory=list)
    beside: dict[str, Path] = field(default_factory=dict)


def look(*roots: Path) -> Tree:
    """The speakers' folders of the first root, and the lists of all; hidden entries are passed over."""
    tree = Tree()
    for number, root in enumerate(roots):
        level = [root]
        for _ in range(_DEPTH + 1):
            below = []
            for folder in level:
                for entry in _entries(folder):
                    if not entry.is_dir():
                        if entry.name.lower() in _BESIDE:
                            tree.beside.setdefault(entry.name.lower(), Path(entry.path))
                    elif not _SPEAKER.fullmatch(entry.name):
                        below.append(Path(entry.path))
                    elif number == 0:
                        tree.speakers.append(Path(entry.path))
            level = below
    return tree


def utterances(
    folders: list[Path], speakers: Mapping[str, Speaker], report: Report
) -> dict[str, list[Utterance]]:
    """Utterances of each speaker, of every recording in the speakers' folders.

    Args:
        folders: `idNNNNN`; a speaker's may be several.
        speakers: what is known of them.
        report: called for each folder without a recording.

    Raises:
        InputError: AAC, and PyAV is missing.
    """
    found: dict[str, dict[str, Path]] = {}
    copies = 0
    for folder in folders:
        of = found.setdefault(folder.name, {})
        for utt, file in _recordings(folder):
            other = of.setdefault(utt, file)
            if other != file:
                copies += 1
                of[utt] = min(other, file, key=lambda f: _CODINGS.index(f.suffix.lower()))
    for folder in folders:
        if not found[folder.name]:
            report(InputError(f"{folder}: no recording ({', '.join(_CODINGS)}) in a folder of it"))
    if copies:
        _LOG.info("%d recordings lie there in two codings: one of each is left out", copies)
    _require_decoder(found)
    return {
        spk: [
            Utterance(utt, spk, file, gender=speakers.get(spk, Speaker()).gender, session=file.parent.name)
            for utt, file in sorted(of.items())
        ]
        for spk, of in sorted(found.items())
        if of
    }


def split(
    of: Mapping[str, list[Utterance]], test: set[str], dev_speakers: int | None, seed: int
) -> dict[str, list[Utterance]]:
    """`train`, `dev` and `test` of the utterances of each speaker; by default one in 30 of the training's is `dev`."""
    others = of.keys() - test
    dev = hold_out(others, max(1, round(len(others) / 30)) if dev_speakers is None else dev_speakers, seed)
    parts: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
    for spk, utterances in of.items():
        parts["test" if spk in test else "dev" if spk in dev else "train"] += utterances
    return parts


def read_speakers(file: Path | None) -> dict[str, Speaker]:
    """The table of speakers, whose columns stand between tabs, or between commas and blanks.

    Raises:
        InputError: no column of ids, or a row of too few columns.
    """
    if file is None:
        return {}
    lines = [(n, line) for n, line in enumerate(read_text(file).split("\n"), 1) if line.strip()]
    gap = "\t" if lines and "\t" in lines[0][1] else ","
    rows = [(n, [cell.strip() for cell in line.split(gap)]) for n, line in lines]
    columns = [name.lower() for name in rows[0][1]] if rows else []
    ids = [k for k, name in enumerate(columns) if name.startswith("voxceleb")]
    if not ids:
        raise InputError(f"{file}: its first line names no column 'VoxCeleb... ID'; download it again")
    found = {}
    for number, cells in rows[1:]:
        if len(cells) != len(columns):
            raise InputError(
                f"{file}:{number}: {len(cells)} columns, where the first line has {len(columns)}"
            )
        row = dict(zip(columns, cells, strict=True))
        gender, part = row.get("gender", "").lower(), row.get("set", "").lower()
        found[cells[ids[0]]] = Speaker(gender if gender in ("m", "f") else "", part)
    return found


def read_trials(file: Path) -> list[Trial]:
    """A list of lines `1 id10270/VIDEO/00001.wav id10270/VIDEO/00002.wav`. Raises InputError for any other line."""
    trials = []
    for number, line in enumerate(read_text(file).split("\n"), 1):
        if not (fields := line.split()):
            continue
        names = [re.fullmatch(r"(id\d{5})/([^/]+)/(\d+)\.\w+", name) for name in fields[1:]]
        if len(fields) != 3 or fields[0] not in ("0", "1") or not all(names):
            raise InputError(
                f"{file}:{number}: expected '1|0 idNNNNN/VIDEO/NNNNN.wav idNNNNN/VIDEO/NNNNN.wav', got {line[:80]!r}"
            )
        one, other = (
            intern("-".join(name.groups())) for name in names if name
        )  # of 600,000 lines, once in memory
        trials.append(Trial(one, other, fields[0] == "1"))
    return trials


def _recordings(folder: Path) -> Iterator[tuple[str, Path]]:
    """Ids and files of a speaker's folder."""
    for video in _entries(folder):
        if video.is_dir():
            for entry in _entries(Path(video.path)):
                stem, _, suffix = entry.name.rpartition(".")
                if f".{suffix.lower()}" in _CODINGS:
                    yield f"{folder.name}-{video.name}-{stem}", Path(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds and shows, by name; nothing where it is none, or not ours to read."""
    try:
        with os.scandir(folder) as inside:
            return sorted((e for e in inside if e.name[0] != "."), key=lambda e: e.name)
    except OSError:
        return []


def _require_decoder(found: Mapping[str, Mapping[str, Path]]) -> None:
    """Say once, and not of each of a million files, that AAC has no reader here."""
    aac = (f for of in found.values() for f in of.values() if f.suffix.lower() in (".m4a", ".mp4"))
    if (file := next(aac, None)) and importlib.util.find_spec("av") is None:
        raise InputError(f"{file}: AAC needs a reader: pip install 'speechdis[formats]'")
