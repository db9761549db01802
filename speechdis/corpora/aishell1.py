"""AISHELL-1 (openslr.org/33): 400 speakers read Mandarin, 16 kHz, Apache 2.0.

`data_aishell/wav/{train,dev,test}/S0002/BAC009S0002W0122.wav`; words by id in
`data_aishell/transcript/aishell_transcript_v0.8.txt`. Each speaker is an archive of its own in the release. Its
split is kept: 340, 40 and 20 speakers. Ids are `S0002-BAC009S0002W0122`, so that they sort by speaker.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from speechdis.corpora.layout import find, looks_like
from speechdis.corpora.splits import Report, complete, fail
from speechdis.corpora.tree import genders, note_untold, report_missing, stems, transcripts, walk
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError

PARTS = ("train", "dev", "test")
_NAME = re.compile(r"BAC\d{3}(S\d{4})W\d{4}")
_SUFFIXES = (".wav", ".flac")
_SHOWN = 5  # names in a line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare aishell1`."""
    parser.add_argument("--seed", type=int, default=0, help="draws speakers for a part that is not there")


def prepare(root: str | Path, seed: int = 0, report: Report = fail) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`, with words as the transcript parts them.

    Args:
        root: `data_aishell`, or one (to two) above it.
        seed: draws speakers for a part that is not there.
        report: called for each listed utterance that has no recording, each archive that is not unpacked, and each
            file of another name.

    Raises:
        InputError: `root` is no AISHELL-1; no archive is unpacked; too few speakers.
    """
    wav = _wav(Path(root))
    report_packed(wav, report)
    transcript = next(iter(sorted(wav.parent.glob("transcript/aishell_transcript*.txt"))), None)
    texts = transcripts(transcript, report) if transcript else {}
    sexes = genders(next(iter(sorted(wav.parent.parent.glob("resource_aishell/speaker.info"))), None), 1)
    sexes = {f"S{spk}" if spk.isdigit() else spk: gender for spk, gender in sexes.items()}
    parts = {part: list(_utterances(wav / part, texts, sexes, report)) for part in PARTS}
    everyone = [u for part in parts.values() for u in part]
    if not everyone:
        raise InputError(f"{wav}: no recording named as train/S0002/BAC009S0002W0122.wav")
    if transcript:
        heard = {u.spk for u in everyone}
        listed = [utt for utt in texts if utt[6:11] in heard]  # of others there is no archive, said above
        report_missing(transcript, listed, {u.path.stem for u in everyone}, report)
    note_untold(wav, everyone)
    return complete(parts, seed)


def report_packed(wav: Path, report: Report) -> None:
    """Report archives of speakers that stand beside no folder of theirs; raise where none is unpacked.

    Raises:
        InputError: there are archives, and not one folder of recordings.
    """
    unpacked = {folder.name for folder in wav.glob("*/*/")}
    packed = [name for file in sorted(wav.glob("*.tar.gz")) if (name := file.name[:-7]) not in unpacked]
    if not packed:
        return
    some = f"{len(packed)} speakers are still packed, such as {', '.join(packed[:_SHOWN])}"
    error = InputError(f"{wav}: {some}; there: for a in *.tar.gz; do tar -xzf $a; done")
    if not unpacked:
        raise error
    report(error)


def _wav(root: Path) -> Path:
    """The folder of the recordings."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; AISHELL-1 is openslr.org/33")

    def match(held: dict[str, Path]) -> Path | None:
        return held["wav"] if {"wav", "transcript"} <= held.keys() and held["wav"].is_dir() else None

    wav = find(root, match, "AISHELL-1")
    if wav is None:
        raise InputError(
            f"{root}: no folder with wav and transcript, as AISHELL-1 has{looks_like(root, 'AISHELL-1')}"
        )
    return wav


def _utterances(
    part: Path, texts: dict[str, str], sexes: dict[str, str], report: Report
) -> Iterator[Utterance]:
    for folder, names in walk(part, report) if part.is_dir() else ():
        for stem, name in sorted(stems(names, _SUFFIXES).items()):
            match = _NAME.fullmatch(stem)
            if match is None:
                report(InputError(f"{folder / name}: not named as BAC009S0002W0122.wav"))
                continue
            spk = match[1]
            utt, text = f"{spk}-{stem}", " ".join(texts.get(stem, "").split())
            yield Utterance(utt, spk, folder / name, gender=sexes.get(spk, ""), text=text)
