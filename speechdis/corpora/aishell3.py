"""AISHELL-3 (openslr.org/93): 218 speakers of Mandarin, read for synthesis, 44.1 kHz, Apache 2.0.

`{train,test}/wav/SSB0005/SSB00050001.wav`; `{train,test}/content.txt` has each character with its pinyin, of which the
characters are the text. The split is kept: 174 and 44 speakers. A tenth of the training speakers becomes `dev`.
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

_NAME = re.compile(r"(SSB\d{4})\d{4}")
_SUFFIXES = (".wav", ".flac")
_PINYIN = re.compile(r"[a-z:]+\d", re.IGNORECASE)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare aishell3`."""
    parser.add_argument("--seed", type=int, default=0, help="draws the speakers of dev")


def prepare(root: str | Path, seed: int = 0, report: Report = fail) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`; ids are `SSB00050001`, the text is characters.

    Args:
        root: the folder that holds `train` and `test`, or one (to three) above it.
        seed: draws the speakers of `dev`.
        report: called for each listed utterance that has no recording, and each file of another name.

    Raises:
        InputError: `root` is no AISHELL-3; too few speakers.
    """
    folders = _parts(Path(root))
    home = next(iter(folders.values())).parent
    sexes = genders(next(iter(sorted(home.glob("spk-info.txt"))), None), 2)
    parts = {part: list(_utterances(folder, sexes, report)) for part, folder in folders.items()}
    if not any(parts.values()):
        raise InputError(f"{home}: no recording named as train/wav/SSB0005/SSB00050001.wav")
    note_untold(home, (u for part in parts.values() for u in part))
    return complete(parts, seed)


def _parts(root: Path) -> dict[str, Path]:
    """The folders `train` and `test`, or one of them."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; AISHELL-3 is openslr.org/93")

    def match(held: dict[str, Path]) -> dict[str, Path] | None:
        whole: dict[str, Path] = {
            part: held[part]
            for part in ("train", "test")
            if part in held and (held[part] / "content.txt").is_file()
        }
        return whole or None

    parts = find(root, match, "AISHELL-3")
    if parts is None:
        raise InputError(
            f"{root}: no train/content.txt or test/content.txt, as AISHELL-3 has{looks_like(root, 'AISHELL-3')}"
        )
    return parts


def _utterances(part: Path, sexes: dict[str, str], report: Report) -> Iterator[Utterance]:
    content = part / "content.txt"
    texts = {name.partition(".")[0]: text for name, text in transcripts(content, report).items()}
    there = set()
    for folder, names in walk(part / "wav", report):
        for utt, name in sorted(stems(names, _SUFFIXES).items()):
            match = _NAME.fullmatch(utt)
            if match is None:
                report(InputError(f"{folder / name}: not named as SSB00050001.wav"))
                continue
            there.add(utt)
            spk = match[1]
            words = " ".join(word for word in texts.get(utt, "").split() if not _PINYIN.fullmatch(word))
            yield Utterance(utt, spk, folder / name, gender=sexes.get(spk, ""), text=words)
    report_missing(content, texts, there, report)
