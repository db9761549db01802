"""VCTK 0.80 and 0.92 (datashare.ed.ac.uk, 10283/2651 and 3443): 110 speakers of English read papers, CC BY 4.0.

0.80: `wav48/p225/p225_001.wav`. 0.92: `wav48_silence_trimmed/p225/p225_001_mic1.flac`, of two microphones, of which one
counts. Texts are `txt/p225/p225_001.txt`. Sentences 1 to 24, an elicitation paragraph and the rainbow passage, are the
same for everybody: a trial would compare equal words, and an attacker learn a text in place of a voice. They are left
out of every part unless asked for, by number and by text. There is no official split: speakers are drawn, or named, as
papers name theirs.
"""

import argparse
import logging
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from speechdis.corpora.layout import find, looks_like
from speechdis.corpora.splits import Report, complete, fail
from speechdis.corpora.tree import genders, note_untold, report_missing, stems, walk
from speechdis.data.text import read_text
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"([a-z]+\d+)_(\d+)(?:_mic(\d))?")
_SUFFIXES = (".flac", ".wav")
_FOLDERS = ("wav48_silence_trimmed", "wav48")  # of 0.92 and of 0.80
_SHARED = 24  # first sentences, which everybody reads
_NOT_A_LETTER = re.compile(r"[\W_]+")


class _Found(NamedTuple):
    """A recording of one microphone: the id, speaker, number of the sentence, file and words."""

    utt: str
    spk: str
    number: int
    file: Path
    text: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare vctk`."""
    add = parser.add_argument
    add(
        "--mic",
        type=int,
        choices=(1, 2),
        default=1,
        help="microphone of version 0.92 (speakers lack the second)",
    )
    add("--shared", action="store_true", help="keep the sentences that everybody reads (default: drop)")
    for part in ("test", "dev"):
        add(
            f"--{part}-speakers",
            type=lambda text: text.split(","),
            metavar="ID,ID",
            help=f"those of {part}, such as a paper's: p225,s5 (default: a tenth, drawn)",
        )
    add("--seed", type=int, default=0, help="draws the speakers of dev and test")


def prepare(
    root: str | Path,
    mic: int = 1,
    shared: bool = False,
    test_speakers: Collection[str] = (),
    dev_speakers: Collection[str] = (),
    seed: int = 0,
    report: Report = fail,
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, a tenth of the speakers each in the last two; ids are `p225_025`.

    Args:
        root: the folder that holds `wav48` or `wav48_silence_trimmed`, or one (to three) above it.
        mic: the microphone, 1 or 2, where there are two.
        shared: keep the sentences that everybody reads.
        test_speakers: of `test`; none: drawn.
        dev_speakers: of `dev`, where those of `test` are named too.
        seed: draws speakers.
        report: called for each text that has no recording, for each speaker's utterances that `mic` has not, and for
            each file of another name.

    Raises:
        InputError: `root` is no VCTK; too few speakers; one that is named is not there, or is named twice.
    """
    home, audio = _home(Path(root))
    found = [
        one for folder, names in walk(audio, report) for one in _speaker(home, folder, names, mic, report)
    ]
    if not found:
        raise InputError(f"{audio}: no recording named as p225_001.wav or p225_001_mic{mic}.flac")
    if not shared:
        found = _unshared(found, audio)
    sexes = genders(next((f for f in sorted(home.glob("speaker-info*.txt"))), None), 2)
    sexes = {f"p{spk}" if spk.isdigit() else spk: gender for spk, gender in sexes.items()}  # 0.80 has no p
    utterances = [
        Utterance(one.utt, one.spk, one.file, gender=sexes.get(one.spk, ""), text=one.text) for one in found
    ]
    note_untold(audio, utterances)
    return complete(_named(utterances, audio, test_speakers or (), dev_speakers or ()), seed)


def _named(
    utterances: list[Utterance], audio: Path, test: Collection[str], dev: Collection[str]
) -> dict[str, list[Utterance]]:
    """`train`, and `dev` and `test` of the speakers named."""
    if dev and not test:
        raise InputError("--dev-speakers without --test-speakers: name both, or the second alone")
    there = {u.spk for u in utterances}
    for spk in (*test, *dev):
        if spk not in there:
            raise InputError(
                f"{audio}: no recordings of a speaker '{spk}'; there are: {', '.join(sorted(there))}"
            )
        if spk in test and spk in dev:
            raise InputError(f"speaker '{spk}' is named for dev and for test; splits must not share speakers")
    of = dict.fromkeys(test, "test") | dict.fromkeys(dev, "dev")
    parts: dict[str, list[Utterance]] = {"train": [], "dev": [], "test": []}
    for u in utterances:
        parts[of.get(u.spk, "train")].append(u)
    return parts


def _home(root: Path) -> tuple[Path, Path]:
    """The corpus, and its folder of recordings: the trimmed ones where both are there."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; VCTK is datashare.ed.ac.uk/handle/10283/3443")

    def match(held: dict[str, Path]) -> Path | None:
        return next((held[name] for name in _FOLDERS if name in held and held[name].is_dir()), None)

    audio = find(root, match, "VCTK")
    if audio is None:
        raise InputError(f"{root}: no folder {' or '.join(_FOLDERS)}, as VCTK has{looks_like(root, 'VCTK')}")
    _LOG.info("%s: VCTK %s", audio, "0.92" if audio.name.lower() == _FOLDERS[0] else "0.80")
    return audio.parent, audio


def _speaker(home: Path, folder: Path, names: list[str], mic: int, report: Report) -> Iterator[_Found]:
    """What one folder has of the microphone; recordings of the other one alone are reported."""
    texts = _texts(home / "txt" / folder.name, report)
    mine: dict[str, tuple[str, int, str]] = {}
    other: set[str] = set()
    for stem, name in sorted(stems(names, _SUFFIXES).items()):
        match = _NAME.fullmatch(stem.lower())
        if match is None:
            report(InputError(f"{folder / name}: not named SPEAKER_NUMBER or SPEAKER_NUMBER_micN"))
        elif match[3] in (None, str(mic)):
            mine[f"{match[1]}_{match[2]}"] = match[1], int(match[2]), name
        else:
            other.add(f"{match[1]}_{match[2]}")
    if alone := sorted(other - mine.keys()):
        some = f"{len(alone)} utterances, such as {alone[0]}"
        report(InputError(f"{folder}: {some}, are not of microphone {mic}; see --mic"))
    report_missing(home / "txt" / folder.name, texts, mine.keys() | other, report)
    for utt, (spk, number, name) in mine.items():
        yield _Found(utt, spk, number, folder / name, texts.get(utt, ""))


def _texts(folder: Path, report: Report) -> dict[str, str]:
    """Id to words, of a speaker; none where there is no such folder, as for p315."""
    found = {}
    for _, names in walk(folder, report) if folder.is_dir() else ():
        for utt, name in stems(names, (".txt",)).items():
            try:
                found[utt.lower()] = " ".join(read_text(folder / name).split())
            except InputError as error:
                report(error)
    return found


def _unshared(found: list[_Found], audio: Path) -> list[_Found]:
    """Without the sentences that everybody reads, under whichever number: some speakers count otherwise."""

    def plain(text: str) -> str:
        return _NOT_A_LETTER.sub(" ", text.lower()).strip()

    known = {plain(one.text) for one in found if one.number <= _SHARED} - {""}
    kept = [one for one in found if one.number > _SHARED and plain(one.text) not in known]
    _LOG.info(
        "%s: %d utterances of sentences that everybody reads: left out; --shared keeps them",
        audio,
        len(found) - len(kept),
    )
    return kept
