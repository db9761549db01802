"""speechocean762 (openslr.org/101): read English of 250 speakers, adults and children, CC BY 4.0.

Reads the published release, whose `wav.scp` counts from the corpus root, or a Kaldi directory pair `train`
and `test` whose paths count from each of them. Audio stays where it is. Some training speakers, chosen by
seed, become `dev`. Phones (`text_phone`, or the release's `resource/text-phone`) are ARPAbet without their
marks of stress, word position and word boundary.
"""

import argparse
import re
from dataclasses import replace
from pathlib import Path

from speechdis.corpora.layout import find, looks_like
from speechdis.corpora.splits import Report, fail, hold_out
from speechdis.data.directory import read_directory
from speechdis.data.text import read_table
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis prepare speechocean762`."""
    parser.add_argument(
        "--dev-speakers",
        type=int,
        default=15,
        metavar="N",
        help="training speakers held for validation",
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses them")


def prepare(
    root: str | Path, dev_speakers: int = 15, seed: int = 0, report: Report = fail
) -> dict[str, list[Utterance]]:
    """Utterances of `train`, `dev` and `test`; ids begin with the speaker's.

    Args:
        root: folder with `train` and `test`, or one (to three) above it.
        dev_speakers: how many of the training speakers become `dev`.
        seed: chooses them.
        report: not needed: a bad line in a data directory is no bad utterance.

    Raises:
        InputError: `root` is no speechocean762 tree, or has too few training speakers.
    """
    root = _tree(Path(root))
    word_phones = _release_phones(root / "resource" / "text-phone")
    train, test = (
        [_utterance(u, word_phones) for u in read_directory(root / s, also=root)] for s in ("train", "test")
    )
    dev = hold_out((u.spk for u in train), dev_speakers, seed)
    return {
        "train": [u for u in train if u.spk not in dev],
        "dev": [u for u in train if u.spk in dev],
        "test": test,
    }


def plain_phones(phones: str) -> str:
    """`W_B AY0_I | D_E` to `W AY D`: no word boundary, word position or stress."""
    return " ".join(re.sub(r"\d?(_[BIES])?$", "", phone) for phone in phones.split() if phone != "|")


def _tree(root: Path) -> Path:
    """The folder that holds `train` and `test`."""

    def match(held: dict[str, Path]) -> Path | None:
        parts = [held[name] for name in ("train", "test") if name in held]
        return (
            parts[0].parent
            if len(parts) == 2 and all((part / "wav.scp").is_file() for part in parts)
            else None
        )

    found = find(root, match, "speechocean762")
    if found is None:
        raise InputError(
            f"{root}: no train/wav.scp and test/wav.scp; fetch speechocean762 with local/download (openslr.org/101)"
            f"{looks_like(root, 'speechocean762')}"
        )
    return found


def _utterance(u: Utterance, word_phones: dict[str, str]) -> Utterance:
    """As the directory has it, with an id that sorts by speaker."""
    utt = u.utt if u.utt.startswith(u.spk) else f"{u.spk}-{u.utt}"
    phones = plain_phones(u.text_phone or word_phones.get(u.utt, ""))
    return replace(u, utt=utt, path=u.path.absolute(), text_phone=phones)


def _release_phones(file: Path) -> dict[str, str]:
    """The release keeps phones by word, `utterance.word-number phones`: joined to one line an utterance."""
    phones: dict[str, str] = {}
    for _, word, rest in read_table(file) if file.exists() else ():
        utt = word.partition(".")[0]
        phones[utt] = f"{phones.get(utt, '')} {rest}".strip()
    return phones
