"""Common Voice (commonvoice.mozilla.org): sentences that volunteers read, in many languages, as MP3, CC0.

Reads `cv-corpus-V/LANG`, with `clips` and tables such as `train.tsv`. A speaker is a `client_id`, of which an id keeps
the first 16 signs. The official `train`, `dev` and `test` share no speaker, but hold few clips of each, since no
sentence comes twice. `--table validated` takes all that listeners approved of instead, and draws the speakers.
"""

import argparse
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from speechdis.corpora.layout import looks_like
from speechdis.corpora.splits import Report, complete, fail
from speechdis.corpora.tree import stems
from speechdis.data.text import read_text, require_id
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_PARTS = ("train", "dev", "test")
_NEEDED = ("client_id", "path", "sentence")
_SUFFIXES = (".mp3", ".wav", ".flac", ".ogg")  # of clips as published, and as people convert them
_SIGNS = 16  # of the 128 of a client_id
_FEW = 5  # clips a speaker: too few to learn a voice from
_ABOVE = ("", "*", "*/*", "*/*/*")  # folders above that of a language


class _Row(NamedTuple):
    """A line of a table: where it stands, who speaks, the clip, the words, and "m", "f" or ""."""

    place: str
    spk: str
    path: str
    text: str
    gender: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare commonvoice`."""
    add = parser.add_argument
    add(
        "--table",
        choices=("official", "validated"),
        default="official",
        help="the published train, dev and test, or all validated clips, which are more for each speaker",
    )
    add(
        "--least-clips",
        type=int,
        default=1,
        metavar="N",
        help="leave out speakers with fewer clips in a table",
    )
    add("--seed", type=int, default=0, help="draws the speakers of dev and test out of validated.tsv")


def prepare(
    root: str | Path, table: str = "official", least_clips: int = 1, seed: int = 0, report: Report = fail
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`.

    Args:
        root: the folder of one language, or up to three folders above it.
        table: "official", or "validated".
        least_clips: of a speaker.
        seed: draws speakers.
        report: called for each line that is damaged, or whose clip is not there.

    Raises:
        InputError: no such tree, or several; a table is missing, has no clips, or lacks a column.
    """
    folder = _language(Path(root))
    clips = stems([file.name for file in (folder / "clips").iterdir()], _SUFFIXES)
    names = _PARTS if table == "official" else ("validated",)
    parts = {name: _rows(folder / f"{name}.tsv", report) for name in names}
    genders = _genders(row for rows in parts.values() for row in rows)
    made = {
        name: _frequent(_utterances(rows, folder, clips, genders, report), least_clips, name)
        for name, rows in parts.items()
    }
    for name, utterances in made.items():
        if not utterances:
            other = "; --table validated draws the splits itself" if table == "official" else ""
            raise InputError(
                f"{folder / name}.tsv: none of its {len(parts[name])} clips is there, or is kept{other}"
            )
        each = len(utterances) / len({u.spk for u in utterances})
        more = "; --table validated has more" if table == "official" and each < _FEW else ""
        _LOG.info("%s.tsv: %d clips, %.1f a speaker%s", name, len(utterances), each, more)
    return made if table == "official" else complete({"train": made["validated"]}, seed)


def _language(root: Path) -> Path:
    """The folder that holds `clips`. The clips are not listed on the way: they may be millions."""
    for above in _ABOVE:
        found = sorted(clips.parent for clips in root.glob(f"{above}/clips".lstrip("/")) if clips.is_dir())
        if len(found) > 1:
            names = ", ".join(folder.name for folder in found[:8])
            raise InputError(
                f"{root}: holds {len(found)} languages ({names}); name the folder of one as --root"
            )
        if found:
            return found[0]
    raise InputError(
        f"{root}: no folder clips down to three folders below it, as in cv-corpus-17.0/en"
        f"{looks_like(root, 'Common Voice')}"
    )


def _rows(file: Path, report: Report) -> list[_Row]:
    """The lines of a table, by the names of its columns; quotes mean nothing, as they may stand alone."""
    lines = read_text(file).rstrip("\n").split("\n")
    columns = lines[0].split("\t")
    if missing := [name for name in _NEEDED if name not in columns]:
        raise InputError(
            f"{file}: its first line names no column '{missing[0]}'; is it a table of Common Voice?"
        )
    client, path, sentence = (columns.index(name) for name in _NEEDED)
    gender = columns.index("gender") if "gender" in columns else None
    rows, owner = [], dict[str, str]()
    for number, line in enumerate(lines[1:], 2):
        place, fields = f"{file}:{number}", line.split("\t")
        try:
            if len(fields) != len(columns):
                raise InputError(f"{place}: {len(fields)} fields, where the first line names {len(columns)}")
            spk = require_id(fields[client][:_SIGNS], f"{place}: client_id")
            if owner.setdefault(spk, fields[client]) != fields[client]:
                raise InputError(f"{place}: the client_id begins like that of another speaker")
        except InputError as error:
            report(error)
            continue
        said = "" if gender is None else {"male": "m", "fema": "f"}.get(fields[gender][:4], "")
        rows.append(_Row(place, spk, fields[path], " ".join(fields[sentence].split()), said))
    return rows


def _frequent(utterances: Iterable[Utterance], least: int, name: str) -> list[Utterance]:
    """The utterances of speakers who have `least` of them."""
    every = list(utterances)
    count = Counter(u.spk for u in every)
    kept = [u for u in every if count[u.spk] >= least]
    if len(kept) < len(every):
        fewer = len(every) - len(kept)
        _LOG.info("%s.tsv: %d clips of speakers with fewer than %d are left out", name, fewer, least)
    return kept


def _genders(rows: Iterator[_Row]) -> dict[str, str]:
    """What each speaker says, where it is the same in all rows that say anything."""
    said: dict[str, set[str]] = {}
    for row in rows:
        if row.gender:
            said.setdefault(row.spk, set()).add(row.gender)
    return {spk: min(genders) for spk, genders in said.items() if len(genders) == 1}


def _utterances(
    rows: list[_Row], folder: Path, clips: dict[str, str], genders: dict[str, str], report: Report
) -> Iterator[Utterance]:
    seen = set()
    for row in rows:
        stem = row.path if row.path in clips else row.path.rpartition(".")[0]
        if stem not in clips:
            report(InputError(f"{row.place}: no clip '{row.path}' in {folder / 'clips'}"))
        elif stem in seen:
            report(InputError(f"{row.place}: '{row.path}' stands here a second time"))
        else:
            seen.add(stem)
            file = folder / "clips" / clips[stem]
            yield Utterance(
                f"{row.spk}-{stem}", row.spk, file, gender=genders.get(row.spk, ""), text=row.text
            )
