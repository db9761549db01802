"""What outside judges hear in a recording, by itself: many recordings side by side, each in a process."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from speechdis.data.audio import read_utterance
from speechdis.data.jobs import map_utterances
from speechdis.data.utterance import Utterance
from speechdis.errors import InputError
from speechdis.judges.outside import RATE, quality, voice, words
from speechdis.judges.outside.quality import Quality
from speechdis.synthesis import pitch

Item = TypeVar("Item")


@dataclass(frozen=True)
class Heard:
    """What is heard.

    Attributes:
        voice: (256,) vector of unit length.
        phonemes: by the first ear, IPA.
        phones: by the second, ARPABET.
        quality: opinions, 1 to 5.
        f0: (T,) Hz every 10 ms, 0 where unvoiced.
        seconds: of it.
    """

    voice: np.ndarray
    phonemes: tuple[str, ...]
    phones: tuple[str, ...]
    quality: Quality
    f0: np.ndarray
    seconds: float


class Voice(NamedTuple):
    """The voice alone: (256,) vector of unit length, and mean log F0 (Hz), NaN without pitch."""

    vector: np.ndarray
    log_f0: float


def listen(wave: np.ndarray) -> Heard:
    """All judges on a waveform (n,) at 16 kHz. Raises InputError where the judge of voices hears no speech."""
    return Heard(
        voice.embed(wave),
        words.phonemes(wave),
        words.phones(wave),
        quality.dnsmos(wave),
        pitch.contour(wave, RATE)[0],
        len(wave) / RATE,
    )


def listen_all(recordings: Sequence[Utterance], jobs: int = 1) -> Iterator[Heard | str]:
    """`listen` to each recording, in order: what is heard, or in one line why nothing is."""
    return map_utterances(_listened, recordings, jobs)


def listen_to_waves(waves: Sequence[np.ndarray], rate: int, jobs: int = 1) -> Iterator[Heard | str]:
    """`listen` to each waveform (n,) at `rate` Hz, in order; or in one line why nothing is heard."""
    return map_utterances(partial(_listened_wave, rate=rate), waves, jobs)


def voices(recordings: Sequence[Utterance], jobs: int = 1) -> Iterator[Voice | str]:
    """The voice of each recording, in order; or in one line why there is none."""
    return map_utterances(_voice, recordings, jobs)


def _listened(recording: Utterance) -> Heard | str:
    try:
        return listen(read_utterance(recording, RATE)[0])
    except InputError as error:
        return _named(recording, error)


def _listened_wave(wave: np.ndarray, rate: int) -> Heard | str:
    import soxr

    try:
        return listen(wave if rate == RATE else soxr.resample(wave, rate, RATE))
    except InputError as error:
        return str(error)


def _voice(recording: Utterance) -> Voice | str:
    try:
        wave = read_utterance(recording, RATE)[0]
        return Voice(voice.embed(wave), pitch.level_of(wave, RATE))
    except InputError as error:
        return _named(recording, error)


def _named(recording: Utterance, error: InputError) -> str:
    return str(error) if str(recording.path) in str(error) else f"{recording.path}: {error}"


def progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """`items`, under a bar named `what`."""
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    with logging_redirect_tqdm():
        yield from tqdm(items, total=total, desc=what, leave=False)
