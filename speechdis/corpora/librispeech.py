"""LibriSpeech (openslr.org/12), and Mini LibriSpeech (31): read English books, 16 kHz, CC BY 4.0.

`SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER-NNNN.flac` and `SPEAKER-CHAPTER.trans.txt`. The speaker is the first field, not
the chapter. Subsets of one part share no speaker with those of another; a part that is not there is drawn from the
others by speaker (`splits.complete`).
"""

import argparse
import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from speechdis.corpora.layout import find, looks_like
from speechdis.corpora.splits import Report, complete, fail
from speechdis.corpora.tree import genders, note_untold, report_missing, stems, transcripts, walk
from speechdis.data.text import read_text
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_SUBSET = re.compile(r"(train|dev|test)-(clean|other)(-\d+)?")
_NAME = re.compile(r"(\d+)-\d+-\d+")
_SUFFIXES = (".flac", ".wav")
_SHOWN = 5  # names in a line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare librispeech`."""
    for part, default in (("train", "every train-*"), ("dev", "dev-clean"), ("test", "test-clean")):
        parser.add_argument(
            f"--{part}", nargs="+", metavar="SUBSET", help=f"subsets of {part} (default: {default})"
        )
    parser.add_argument("--seed", type=int, default=0, help="draws speakers for a part that is not there")


def prepare(
    root: str | Path,
    train: Collection[str] | None = None,
    dev: Collection[str] | None = None,
    test: Collection[str] | None = None,
    seed: int = 0,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`; ids are `84-121123-0000`.

    Args:
        root: the folder that holds the subsets, or one (to three) above it.
        train: subsets; None for every `train-*` that is there.
        dev: subsets; None for `dev-clean`, or what there is of `dev-*`.
        test: subsets; None for `test-clean`, or what there is of `test-*`.
        seed: draws speakers for a part that has no subset.
        report: called for each recording of a transcript that is missing, and each file of another name.

    Raises:
        InputError: `root` is no such tree; a subset is not there; too few speakers.
    """
    subsets = find_subsets(Path(root), "LibriSpeech, openslr.org/12")
    chosen = choose(subsets, {"train": train, "dev": dev, "test": test})
    named = "84-121123-0000.flac; LibriTTS has names with '_'"
    parts = read_subsets(Path(root), subsets, chosen, _utterances, named, report)
    heard = [u for part in parts.values() for u in part]
    report_absent(subsets, chosen, {u.spk for u in heard}, report)
    return complete(parts, seed)


def find_subsets(root: Path, what: str) -> dict[str, Path]:
    """Subset name to folder. Raises InputError where there is none in `root`."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; {what}, unpacks into SUBSET/SPEAKER/CHAPTER")

    def match(held: dict[str, Path]) -> dict[str, Path] | None:
        found = {name: path for name, path in held.items() if _SUBSET.fullmatch(name) and path.is_dir()}
        return found or None

    subsets = find(root, match, what)
    if subsets is None:
        raise InputError(
            f"{root}: no folder such as train-clean-100 or dev-clean; pass the one above them, of {what}"
            f"{looks_like(root, 'LibriSpeech or LibriTTS')}"
        )
    return subsets


def choose(subsets: Collection[str], wanted: dict[str, Collection[str] | None]) -> dict[str, Collection[str]]:
    """The subsets of each part: those that are wanted, else all of train, and the clean ones of dev and test."""
    chosen: dict[str, Collection[str]] = {}
    for part, names in wanted.items():
        there = sorted(name for name in subsets if name.startswith(f"{part}-"))
        clean = [name for name in there if name.startswith(f"{part}-clean")]
        chosen[part] = names if names is not None else there if part == "train" else clean or there
        for name in chosen[part]:
            if name not in subsets:
                raise InputError(f"--{part} {name}: no such subset; there are: {', '.join(sorted(subsets))}")
    twice = [name for names in chosen.values() for name in names]
    if shared := {name for name in twice if twice.count(name) > 1}:
        raise InputError(f"subset '{min(shared)}' is given twice; each belongs to one part")
    _LOG.info("subsets: %s", "; ".join(f"{part}: {', '.join(n) or '-'}" for part, n in chosen.items()))
    return chosen


def read_subsets(
    root: Path,
    subsets: dict[str, Path],
    chosen: dict[str, Collection[str]],
    read: Callable[[Path, dict[str, str], Report], Iterable[Utterance]],
    named: str,
    report: Report,
) -> dict[str, list[Utterance]]:
    """The utterances of each part.

    Args:
        root: for messages.
        subsets: where each is.
        chosen: those of each part.
        read: what gives the utterances of one, with what is known of genders by speaker.
        named: how a recording is named, for messages.
        report: handed to `read`.

    Raises:
        InputError: there is none.
    """
    sexes = genders(next(table_of(subsets), None), 1, "|")
    parts = {
        part: [u for name in names for u in read(subsets[name], sexes, report)]
        for part, names in chosen.items()
    }
    if not any(parts.values()):
        raise InputError(f"{root}: no recording named as {named}")
    note_untold(root, (u for part in parts.values() for u in part))
    return parts


def table_of(subsets: dict[str, Path]) -> Iterator[Path]:
    """The table of speakers beside the subsets, SPEAKERS.TXT or SPEAKERS.txt."""
    beside = next(iter(subsets.values())).parent
    return (file for file in sorted(beside.iterdir()) if file.name.lower() == "speakers.txt")


def report_absent(
    subsets: dict[str, Path], chosen: dict[str, Collection[str]], heard: Collection[str], report: Report
) -> None:
    """Report, for each chosen subset, the speakers that the table puts there and nobody heard."""
    wanted = {name for names in chosen.values() for name in names}
    lost: dict[str, list[str]] = {}
    for file in table_of(subsets):
        for line in read_text(file, "replace").split("\n"):
            fields = [field.strip() for field in line.split("|")]
            if len(fields) > 2 and fields[2] in wanted and fields[0] not in heard:
                lost.setdefault(fields[2], []).append(fields[0])
    for name, spks in lost.items():
        some = ", ".join(spks[:_SHOWN])
        report(InputError(f"{subsets[name]}: {len(spks)} of its speakers have no recording, such as {some}"))


def _utterances(subset: Path, sexes: dict[str, str], report: Report) -> Iterable[Utterance]:
    for folder, names in walk(subset, report):
        found = stems(names, _SUFFIXES)
        texts: dict[str, str] = {}
        for name in names:
            if name.endswith(".trans.txt"):
                listed = transcripts(folder / name, report)
                report_missing(folder / name, listed, found, report)
                texts |= listed
        for utt, name in sorted(found.items()):
            match = _NAME.fullmatch(utt)
            if match is None:
                report(InputError(f"{folder / name}: not named SPEAKER-CHAPTER-NUMBER"))
                continue
            spk = match[1]
            yield Utterance(utt, spk, folder / name, gender=sexes.get(spk, ""), text=texts.get(utt, ""))
