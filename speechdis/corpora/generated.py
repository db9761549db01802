"""Synthetic corpora in published layouts: espeak-ng voices whose phones, words and factors are known exactly.

`timit` is a TIMIT tree: SPHERE `.WAV` at 16 kHz, `.PHN`, `.WRD`, `.TXT`, dialect and speaker folders. About a
quarter of its speakers bear ids of the core test and a sixth ids of the s5 dev set, so that
`speechdis prepare timit` splits it as it does the original. Dialect regions are names only.
`DOC/SPEAKERS.TSV` keeps the factors of every speaker.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from speechdis.corpora import espeak
from speechdis.corpora.sentences import sentences
from speechdis.corpora.takes import Label, say
from speechdis.corpora.timit import DEV_SPEAKERS, RATE, TEST_SPEAKERS
from speechdis.corpora.voices import Speaker, draw_speaker
from speechdis.errors import InputError

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

# The two dialect sentences that every speaker of TIMIT reads.
_SA = {
    "SA1": "She had your dark suit in greasy wash water all year.",
    "SA2": "Don't ask me to carry an oily rag like that.",
}


@dataclass(frozen=True)
class _Part:
    """One speaker's share of the work: what to say (file name to sentence) and where to put it."""

    folder: Path
    speaker: Speaker
    prompts: dict[str, str]
    seed: tuple[int, ...]


def timit(path: Path, speakers: int, seed: int, sentences_each: int = 8, jobs: int = 1) -> Iterator[str]:
    """Write a TIMIT tree into the folder `path`, speaker by speaker as the iterator is read.

    Args:
        path: an empty or new folder.
        speakers: at least 6; one in four (24 at most) is test, one in six (50 at most) dev.
        seed: the same seed, the same bytes, whatever `jobs` is.
        sentences_each: besides the two SA; no two speakers have one in common.
        jobs: processes.

    Returns:
        An iterator over the ids of the speakers that are done.

    Raises:
        InputError: too few speakers or sentences; espeak-ng is not installed.
    """
    import numpy as np

    from speechdis.data.jobs import map_utterances

    if speakers < 6 or sentences_each < 1:
        raise InputError(f"{speakers} speakers with {sentences_each} sentences: at least 6 and 1 are needed")
    espeak.load()
    cast = _cast(speakers, np.random.default_rng((seed, 0)))
    texts = sentences(speakers * sentences_each, np.random.default_rng((seed, 1)))
    parts = []
    for number, (folder, speaker) in enumerate(cast.items()):
        first = number * sentences_each
        own = enumerate(texts[first : first + sentences_each])
        # five of eight are "compact" (SX) and three "diverse" (SI), as in TIMIT
        prompts = {f"{'SX' if 8 * i < 5 * sentences_each else 'SI'}{first + i + 1}": text for i, text in own}
        parts.append(_Part(path / folder, speaker, _SA | prompts, (seed, 2, number)))
    (path / "DOC").mkdir(parents=True, exist_ok=True)
    (path / "DOC" / "SPEAKERS.TSV").write_text(_factors(cast))
    return map_utterances(_write, parts, jobs)


def _cast(count: int, rng: np.random.Generator) -> dict[str, Speaker]:
    """Speakers by folder, as in `TRAIN/DR1/MABC0`."""
    test, dev = (file.read_text().split() for file in (TEST_SPEAKERS, DEV_SPEAKERS))
    listed = {*test, *dev}
    test, dev = test[: round(count / 4)], dev[: round(count / 6)]
    train: dict[str, None] = {}
    while len(train) + len(dev) + len(test) < count:
        letters = "".join(rng.choice(list(string.ascii_lowercase), 3))
        spk = f"{'mf'[len(train) % 2]}{letters}0"
        if spk not in listed:
            train[spk] = None
    folders = [("TRAIN", spk) for spk in train] + [("TEST", spk) for spk in dev + test]
    return {
        f"{part}/DR{number % 8 + 1}/{spk.upper()}": draw_speaker(spk, spk[0], rng)
        for number, (part, spk) in enumerate(folders)
    }


def _factors(cast: dict[str, Speaker]) -> str:
    """A table of what is true of every speaker; units as in `espeak.Voice`."""
    rows = ["folder\tgender\ttract\tpitch\trange\trate\tbreath\tformants\theights\twidths"]
    for folder, speaker in cast.items():
        v = speaker.voice
        single = f"{speaker.gender}\t{speaker.tract:.3f}\t{v.pitch:.1f}\t{v.range:.3f}\t{v.rate}\t{v.breath}"
        shapes = (" ".join(f"{value:.3f}" for value in shape) for shape in (v.formants, v.heights, v.widths))
        rows.append("\t".join((folder, single, *shapes)))
    return "\n".join(rows) + "\n"


def _write(part: _Part) -> str:
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
    return part.speaker.spk


def _lines(labels: tuple[Label, ...]) -> str:
    return "".join(f"{label.start} {label.end} {label.label}\n" for label in labels)
