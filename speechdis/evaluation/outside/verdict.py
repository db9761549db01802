"""A verdict: does a recording have the voice of A and the words of B?

Voices are known by other real recordings of each speaker: a speaker is the mean of their vectors. The recordings that
lent voice and words of what is judged are not among them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechdis.evaluation.outside.listening import Heard
from speechdis.judges.judges import Enrolled
from speechdis.judges.outside import words
from speechdis.metrics import acoustics
from speechdis.synthesis import pitch

SEMITONE = math.log(2) / 12
TOLERANCE = 0.05  # of its length, by which a recording may differ from its words' and still be compared frame by frame


@dataclass(frozen=True)
class Asked:
    """What a recording should sound like.

    Attributes:
        wanted, other: number of the speakers A and B among those enrolled.
        without: recordings, by their number among those enrolled, that it was made of.
        source: what is heard in B's recording; None where the words are not B's.
        text: phonemes of the text; empty where it is not known.
        log_f0: mean log F0 (Hz) of A; NaN where it is not known.
    """

    wanted: int
    other: int
    without: tuple[int, ...] = ()
    source: Heard | None = None
    text: tuple[str, ...] = ()
    log_f0: float = math.nan


@dataclass(frozen=True)
class Verdict:
    """What is heard; None where it cannot be told.

    Attributes:
        speaker: number of the nearest speaker.
        as_a, as_b: 1 where that is A, or B.
        nearer: 1 where it is nearer A than B.
        cosine_a, cosine_b: with A's other recordings, and with B's.
        wrong, phonemes: edits between the phonemes heard and those heard in B's recording, and how many those are.
        wrong_second, phones: the same by the second ear.
        wrong_text, text: the same against the phonemes of the text, by the first ear.
        overall, p808: DNSMOS.
        semitones: how far its mean F0 is from A's.
        contour: correlation of its log F0 with that of B's recording.
        seconds: of it.
    """

    speaker: int
    as_a: int
    as_b: int
    nearer: int
    cosine_a: float
    cosine_b: float
    wrong: int | None
    phonemes: int | None
    wrong_second: int | None
    phones: int | None
    wrong_text: int | None
    text: int | None
    overall: float
    p808: float
    semitones: float | None
    contour: float | None
    seconds: float


def judge(heard: Heard, asked: Asked, enrolled: Enrolled) -> Verdict:
    """The verdict on what is heard."""
    near = cosines(heard.voice, enrolled, asked.without)
    speaker = int(near.argmax())
    source = asked.source
    wrong, phonemes = _edits(heard.phonemes, source.phonemes if source else ())
    wrong_second, phones = _edits(heard.phones, source.phones if source else ())
    wrong_text, text = _edits(heard.phonemes, asked.text)
    return Verdict(
        speaker,
        int(speaker == asked.wanted),
        int(speaker == asked.other),
        int(near[asked.wanted] > near[asked.other]),
        float(near[asked.wanted]),
        float(near[asked.other]),
        wrong,
        phonemes,
        wrong_second,
        phones,
        wrong_text,
        text,
        heard.quality.overall,
        heard.quality.p808,
        _known(abs(pitch.level(heard.f0) - asked.log_f0) / SEMITONE),
        None if source is None else _contour(heard, source),
        heard.seconds,
    )


def cosines(vector: np.ndarray, enrolled: Enrolled, without: Sequence[int] = ()) -> np.ndarray:
    """With each speaker, (speakers,); one of whom no other recording is enrolled is known by those `without`, too."""
    return np.where(
        others(enrolled, without) > 0, enrolled.cosines(vector, without), enrolled.cosines(vector)
    )


def others(enrolled: Enrolled, without: Sequence[int]) -> np.ndarray:
    """How many recordings each speaker is known by, (speakers,), those `without` left out, and those without a voice,
    whose vectors are 0."""
    heard = np.any(enrolled.vectors != 0, axis=1)
    heard &= ~np.isin(np.arange(len(heard)), list(without))
    return np.bincount(enrolled.speaker[heard], minlength=int(enrolled.speaker.max()) + 1)


def _edits(heard: Sequence[str], wanted: Sequence[str]) -> tuple[int | None, int | None]:
    return (words.edits(heard, wanted), len(wanted)) if wanted else (None, None)


def _contour(heard: Heard, source: Heard) -> float | None:
    if abs(heard.seconds - source.seconds) > TOLERANCE * source.seconds:
        return None
    return _known(acoustics.pitch_distance(heard.f0, source.f0).correlation)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
