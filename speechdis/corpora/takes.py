"""One spoken sentence with its phones and words in samples: espeak-ng's events in the terms of TIMIT.

espeak's phonemes become TIMIT's 61 by `conf/timit/espeak.map`. Its closures of voiceless stops are digital
silence, so they are found exactly and get their own labels (`pcl`, `tcl`, `kcl`); few voiced ones have any.
An r-coloured diphthong (`A@` in "dark") is one sound to espeak and stays one vowel. Times are espeak's own,
scaled from its rate to that of the corpus, to the nearest sample.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from speechdis.corpora.espeak import Speech, speak
from speechdis.corpora.sentences import words
from speechdis.corpora.timit import CONF, RATE
from speechdis.corpora.voices import Speaker, vary

if TYPE_CHECKING:  # the command line imports every corpus; it need not wait for numpy
    import numpy as np

LEVEL = 0.05  # root mean square of the speech, full scale = 1
_NOISE = 3e-4  # of the room: 44 dB below it
_CLOSURE = 0.005  # s of digital silence that count as one
_CLOSURES = {
    **{"p": "pcl", "t": "tcl", "k": "kcl", "b": "bcl", "d": "dcl", "g": "gcl"},
    **{"ch": "tcl", "jh": "dcl", "dx": "tcl"},
}


class Label(NamedTuple):
    """A label with its first sample and the one after its last."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Take:
    """One sentence as a speaker said it: (K,) samples in [-1, 1) at the corpus's rate; phones and words in samples."""

    wave: np.ndarray
    phones: tuple[Label, ...]
    words: tuple[Label, ...]


def say(text: str, speaker: Speaker, rng: np.random.Generator) -> Take:
    """Speak a sentence with a small variation of the speaker's voice, in a quiet room, at TIMIT's 16 kHz.

    All sentences are equally loud, and begin and end with 0.1 to 0.2 s of the room's noise.
    """
    speech = speak(text.replace(" ", "\u00a0"), vary(speaker.voice, rng))
    wave, lead = _record(speech, RATE, rng)
    phones = _phones(speech)
    extent = phones[0].start, phones[-1].end
    labels, spoken = (
        _placed(found, extent, lead, RATE / speech.rate) for found in (phones, _words(speech, text))
    )
    silence = Label(0, labels[0].start, "h#"), Label(labels[-1].end, len(wave), "h#")
    return Take(wave, (silence[0], *labels, silence[1]), spoken)


def say_words(text: str, speaker: Speaker, rate: int, rng: np.random.Generator) -> Take:
    """As `say`, at any rate in Hz and in any language, but without phones."""
    speech = speak(text.replace(" ", "\u00a0"), vary(speaker.voice, rng))
    wave, lead = _record(speech, rate, rng)
    return Take(wave, (), _placed(_words(speech, text), extent(speech), lead, rate / speech.rate))


def extent(speech: Speech) -> tuple[int, int]:
    """Start of the first phone and end of the last one, pauses aside, at espeak's rate."""
    sounds = [number for number, (_, name) in enumerate(speech.phones) if not name.startswith("_")]
    starts = [start for start, _ in speech.phones] + [len(speech.samples)]
    return starts[sounds[0]], starts[sounds[-1] + 1]


def _record(speech: Speech, rate: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """(K,) samples at `rate` in a quiet room, and how many of them come before the speech."""
    import numpy as np
    import soxr

    lead, tail = (int(n) for n in rng.integers(rate // 10, rate // 5, size=2))
    wave = soxr.resample(speech.samples / 32768, speech.rate, rate)
    wave *= LEVEL / np.sqrt(np.mean(wave**2))
    wave = np.concatenate([np.zeros(lead), wave, np.zeros(tail)])
    return wave + rng.normal(0, _NOISE, len(wave)), lead


def _placed(labels: list[Label], extent: tuple[int, int], lead: int, scale: float) -> tuple[Label, ...]:
    """Labels at espeak's rate, held inside `extent`, at the rate and the place of the recording."""

    def place(sample: int) -> int:
        return lead + round(min(max(sample, extent[0]), extent[1]) * scale)

    return tuple(Label(place(start), place(end), label) for start, end, label in labels)


def _phones(speech: Speech) -> list[Label]:
    """TIMIT phones at espeak's rate, from the first to the last that is not a pause."""
    starts = [start for start, _ in speech.phones] + [len(speech.samples)]
    names = ["pau" if name.startswith("_") else _timit_phones()[name] for _, name in speech.phones] + ["pau"]
    labels = []
    for (start, end), (name, following) in zip(pairwise(starts), pairwise(names), strict=True):
        quiet = end - _trailing_zeros(speech.samples[start:end])
        if name == "pau" or end - quiet < _CLOSURE * speech.rate:
            quiet = end
        labels += [Label(start, quiet, name), Label(quiet, end, _CLOSURES.get(following, "pau"))]
    labels = [label for label in labels if label.end > label.start]
    while labels[-1].label == "pau":
        labels.pop()
    return labels


def _words(speech: Speech, text: str) -> list[Label]:
    """Words at espeak's rate, each to the start of the next."""
    starts = [start for start, _ in speech.words]
    spelt = words(text)
    if len(starts) != len(spelt):
        raise RuntimeError(f"espeak-ng said {len(starts)} words of '{text}'")
    spans = pairwise([*starts, len(speech.samples)])
    return [Label(start, end, word) for (start, end), word in zip(spans, spelt, strict=True)]


def _trailing_zeros(samples: np.ndarray) -> int:
    nonzero = samples.nonzero()[0]
    return len(samples) - int(nonzero[-1]) - 1 if len(nonzero) else len(samples)


@functools.cache
def _timit_phones() -> dict[str, str]:
    rows = (line.split() for line in (CONF / "espeak.map").read_text().splitlines())
    return {espeak: row[0] for row in rows for espeak in row[1:]}
