"""A TIDIGITS tree: shorten-compressed SPHERE at 20 kHz under `tidigits/{train,test}/{man,woman,boy,girl}`.

Each speaker says the eleven digits twice and strings of 2 to 5 and 7 digits, as in the original. Up to 326
speakers, in the original's proportions of groups and parts. `words` beside the tree has the exact times: lines
`utt start end word`, in seconds, with the ids that `speechdis prepare tidigits` gives.
"""

from __future__ import annotations

import argparse
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.corpora import espeak
from speechdis.corpora.generated import MARKER, interleave, write_words
from speechdis.corpora.takes import say_words
from speechdis.corpora.tidigits import ADULTS, GENDERS, LETTERS, RATE, parse
from speechdis.corpora.voices import Speaker, draw_speaker, speaker_table
from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

SPEAKERS = 24
_SHAPE = {  # speakers, from TIDIGITS's readme
    **{("train", "man"): 55, ("train", "woman"): 57, ("train", "boy"): 25, ("train", "girl"): 26},
    **{("test", "man"): 56, ("test", "woman"): 57, ("test", "boy"): 25, ("test", "girl"): 25},
}
_LENGTHS = (2, 3, 4, 5, 7)  # digits of a string
_PACE = 0.8  # of sentences: a digit then takes about as long as in TIDIGITS


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `speechdis generate tidigits`."""
    parser.add_argument("--strings", type=int, default=11, metavar="N", help="of each of the five lengths")


@dataclass(frozen=True)
class _Part:
    """One speaker's share of the work: files to write and where."""

    folder: Path
    speaker: Speaker
    names: tuple[str, ...]
    seed: tuple[int, ...]


def generate(path: Path, speakers: int, seed: int, jobs: int = 1, strings: int = 11) -> Iterator[int]:
    """Write a TIDIGITS tree into the folder `path`, speaker by speaker as the iterator is read.

    Args:
        path: an empty or new folder.
        speakers: 6 to 326, about 69 in 100 of them adults.
        seed: the same seed, the same bytes, whatever `jobs` is.
        jobs: processes.
        strings: of 2, 3, 4, 5 and 7 digits each, up to 50, besides 22 isolated digits.

    Yields:
        The number of recordings of each speaker that is done; `words` is written after the last.

    Raises:
        InputError: too few or many speakers or strings; espeak-ng is not installed.
    """
    import numpy as np

    from speechdis.data.jobs import map_utterances

    if not 6 <= speakers <= sum(_SHAPE.values()) or not 0 <= strings <= 50:
        raise InputError(
            f"{speakers} speakers, {strings} strings: 6 to {sum(_SHAPE.values())} and 0 to 50 are possible"
        )
    espeak.load()
    rng = np.random.default_rng((seed, 0))
    ids = ("".join(pair) for pair in product(string.ascii_lowercase, repeat=2))
    cast = {}
    for (part, group), spk in zip(interleave(_SHAPE)[:speakers], ids, strict=False):
        kind = GENDERS[group] if group in ADULTS else group
        speaker = draw_speaker(spk, kind, rng)
        slow = replace(speaker.voice, rate=round(_PACE * speaker.voice.rate))
        cast[f"tidigits/{part}/{group}/{spk}"] = replace(speaker, voice=slow)
    parts = [
        _Part(path / folder, speaker, _names(strings, np.random.default_rng((seed, 1, n))), (seed, 2, n))
        for n, (folder, speaker) in enumerate(cast.items())
    ]
    (path / MARKER).parent.mkdir(parents=True, exist_ok=True)
    (path / MARKER).write_text(speaker_table(cast))
    lines: list[str] = []
    for own, spoken in zip(parts, map_utterances(_write, parts, jobs), strict=True):
        lines += spoken
        yield len(own.names)
    write_words(path, lines)


def _names(strings: int, rng: np.random.Generator) -> tuple[str, ...]:
    """File names without suffix: every digit in two takes, and strings of which no two are the same."""
    letters = list(LETTERS)
    names = dict.fromkeys(f"{letter}{take}" for letter in letters for take in "ab")
    for length in _LENGTHS:
        drawn: dict[str, None] = {}
        while len(drawn) < strings:
            drawn["".join(rng.choice(letters, length)) + "a"] = None
        names |= drawn
    return tuple(sorted(names))


def _write(part: _Part) -> list[str]:
    """Say and write all recordings of a speaker; lines of `words`."""
    import numpy as np

    from speechdis.data.audio import write_audio

    rng = np.random.default_rng(part.seed)
    lines = []
    for name in part.names:
        take = say_words(parse(name)[0], part.speaker, RATE, rng)
        write_audio(part.folder / f"{name}.wav", take.wave, RATE, format="SHORTEN")
        utt = f"{part.speaker.spk}_{name}"
        lines += [f"{utt} {w.start / RATE:.6f} {w.end / RATE:.6f} {w.label}\n" for w in take.words]
    return lines
