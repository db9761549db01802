"""A TIMIT tree: SPHERE `.WAV` at 16 kHz, `.PHN`, `.WRD`, `.TXT`, dialect and speaker folders.

About a quarter of its speakers bear ids of the core test and a sixth ids of the s5 dev set, so that
`speechdis prepare timit` splits it as it does the original. With 630 speakers it has the published shape: 462
under TRAIN, 168 under TEST, and as many in each dialect region (which are names only) as TIMIT has.
"""

from __future__ import annotations

import argparse
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.corpora import espeak
from speechdis.corpora.generated import MARKER, interleave
from speechdis.corpora.sentences import sentences, word_lists
from speechdis.corpora.takes import Label, say
from speechdis.corpora.timit import DEV_SPEAKERS, RATE, TEST_SPEAKERS
from speechdis.corpora.voices import Speaker, draw_speaker, speaker_table
from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

SPEAKERS = 64
# The two dialect sentences that every speaker of TIMIT reads.
_SA = {
    "SA1": "She had your dark suit in greasy wash water all year.",
    "SA2": "Don't ask me to carry an oily rag like that.",
}
_REGIONS = {  # speakers of DR1 to DR8, from TIMIT's readme
    "TRAIN": (38, 76, 76, 68, 70, 35, 77, 22),
    "TEST": (11, 26, 26, 32, 28, 11, 23, 11),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis generate timit`."""
    parser.add_argument("--sentences", type=int, default=8, metavar="N", help="of each, besides SA1, SA2")
    parser.add_argument(
        "--words",
        type=int,
        metavar="N",
        help="words of a sentence, 2 or more, drawn at random (default: real ones)",
    )


@dataclass(frozen=True)
class _Part:
    """One speaker's share of the work: what to say (file name to sentence) and where to put it."""

    folder: Path
    speaker: Speaker
    prompts: dict[str, str]
    seed: tuple[int, ...]


def generate(
    path: Path, speakers: int, seed: int, jobs: int = 1, sentences: int = 8, words: int | None = None
) -> Iterator[int]:
    """Write a TIMIT tree into the folder `path`, speaker by speaker as the iterator is read.

    Args:
        path: an empty or new folder.
        speakers: 6 to 630; one in four (24 at most) is core test, one in six (50 at most) dev, and those after
            the 462nd for training are in TEST but in neither list.
        seed: the same seed, the same bytes, whatever `jobs` is.
        jobs: processes.
        sentences: besides the two SA; no two speakers have one in common.
        words: of a sentence (the SA are cut to as many), for a tree of the whole shape in little time.

    Returns:
        An iterator over the number of recordings of each speaker that is done.

    Raises:
        InputError: too few or many speakers, too few sentences or words; espeak-ng is not installed.
    """
    import numpy as np

    from speechdis.data.jobs import map_utterances

    if not 6 <= speakers <= 630 or sentences < 1 or (words or 2) < 2:
        raise InputError(
            f"{speakers} speakers, {sentences} sentences: 6 to 630 and at least 1 are needed, and 2 --words"
        )
    espeak.load()
    cast = _cast(speakers, np.random.default_rng((seed, 0)))
    texts = _texts(speakers * sentences, words, np.random.default_rng((seed, 1)))
    same = {name: " ".join(text.split()[:words]) for name, text in _SA.items()}
    parts = []
    for number, (folder, speaker) in enumerate(cast.items()):
        first = number * sentences
        own = enumerate(texts[first : first + sentences])
        # five of eight are "compact" (SX) and three "diverse" (SI), as in TIMIT
        prompts = {f"{'SX' if 8 * i < 5 * sentences else 'SI'}{first + i + 1}": text for i, text in own}
        parts.append(_Part(path / folder, speaker, same | prompts, (seed, 2, number)))
    (path / MARKER).parent.mkdir(parents=True, exist_ok=True)
    (path / MARKER).write_text(speaker_table(cast))
    return map_utterances(_write, parts, jobs)


def _texts(count: int, words: int | None, rng: np.random.Generator) -> list[str]:
    return sentences(count, rng) if words is None else word_lists(count, words, rng)


def _cast(count: int, rng: np.random.Generator) -> dict[str, Speaker]:
    """Speakers by folder, as in `TRAIN/DR1/MABC0`."""
    test, dev = (file.read_text().split() for file in (TEST_SPEAKERS, DEV_SPEAKERS))
    listed = {*test, *dev}
    test, dev = test[: round(count / 4)], dev[: round(count / 6)]
    unlisted: dict[str, None] = {}
    while len(unlisted) + len(dev) + len(test) < count:
        letters = "".join(rng.choice(list(string.ascii_lowercase), 3))
        spk = f"{'mf'[len(unlisted) % 2]}{letters}0"
        if spk not in listed:
            unlisted[spk] = None
    train = list(unlisted)[: sum(_REGIONS["TRAIN"])]
    folders = []
    for part, spks in {"TRAIN": train, "TEST": dev + test + list(unlisted)[len(train) :]}.items():
        regions = interleave(dict(enumerate(_REGIONS[part], 1)))
        folders += [(f"{part}/DR{region}", spk) for spk, region in zip(spks, regions, strict=False)]
    return {f"{folder}/{spk.upper()}": draw_speaker(spk, spk[0], rng) for folder, spk in folders}


def _write(part: _Part) -> int:
    """Say and write all sentences of a speaker."""
    import numpy as np

    from speechdis.data.audio import write_audio

    rng = np.random.default_rng(part.seed)
    for name, text in part.prompts.items():
        take = say(text, part.speaker, rng)
        write_audio(part.folder / f"{name}.WAV", take.wave, RATE, format="NIST")
        (part.folder / f"{name}.TXT").write_text(f"0 {len(take.wave)} {text}\n")
        (part.folder / f"{name}.PHN").write_text(_lines(take.phones))
        (part.folder / f"{name}.WRD").write_text(_lines(take.words))
    return len(part.prompts)


def _lines(labels: tuple[Label, ...]) -> str:
    return "".join(f"{label.start} {label.end} {label.label}\n" for label in labels)
