"""The words of a recording that another voice is to say, and what a model reads of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from speechdis.features import spectrum_of
from speechdis.features.content import resampled
from speechdis.synthesis import band, blocks, codes, vocoders
from speechdis.synthesis.codes import Codes
from speechdis.synthesis.rows import Array, peak
from speechdis.synthesis.words import Words, words_of
from speechdis.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Content:
    """A recording whose words are kept.

    Attributes:
        words: the recording.
        read: gives its codes; a swap reads words at another pitch, and never these.
        silent: where (T, F) it has no sound; None: it has everywhere.
        array: its content frames (T, D), of a model that reads them.
    """

    words: Words
    read: Callable[[], Codes]
    silent: np.ndarray | None = None
    array: np.ndarray | None = None

    @cached_property
    def codes(self) -> Codes:
        """Its codes, read once."""
        return self.read()

    @property
    def empty(self) -> np.ndarray | None:
        """Bins (F,) in which it has no sound."""
        return None if self.silent is None else band.empty(self.silent)


def content_of(checkpoint: Checkpoint, wave: Array, array: np.ndarray | None = None) -> Content:
    """The words of a waveform; arguments and errors as of `voice_of`.

    Args:
        checkpoint: of the model.
        wave: the waveform.
        array: content frames (T', D) at any rate, of a model that reads them.
    """
    codes.check(checkpoint)
    if array is None:
        codes.check_recordings(checkpoint)
    spectrum_of(checkpoint.features)  # of other features no voice can be changed
    words = words_of(wave, checkpoint.features)
    silent = band.silent(words.frames, peak(wave), checkpoint.features)
    array = None if array is None else resampled(array, len(words.frames))
    return as_content(checkpoint, words, silent if silent.any() else None, array)


def as_content(
    checkpoint: Checkpoint, words: Words, silent: np.ndarray | None = None, array: np.ndarray | None = None
) -> Content:
    """Words whose codes are read where they are asked for. Raises InputError where they could not be."""
    codes.check_frames(checkpoint, words.frames, array)
    empty = None if silent is None else band.empty(silent)
    return Content(words, lambda: codes.encode(checkpoint, words.frames, empty, array), silent, array)


def at_pitch(
    checkpoint: Checkpoint, content: Content, log_f0: float = float("nan"), vocoder: str = vocoders.DEFAULT
) -> Content:
    """The words as a vocoder says them with a mean log F0 (NaN: their own), and what the model reads of that.

    What frames and codes show of pitch is then that of the voice, and no longer to be changed.
    """
    settings = checkpoint.features
    words = pitched(content.words, log_f0, settings, vocoder)
    silent = None
    if content.silent is not None:
        silent = band.silent(words.frames, peak(words.wave), settings)
        silent |= content.silent
        silent |= band.empty(content.silent)
    read = partial(codes.encode, checkpoint, words.frames, content.empty, content.array)
    return Content(words, read, silent, content.array)


def pitched(words: Words, log_f0: float, settings: Mapping[str, Any], vocoder: str) -> Words:
    """The words as a vocoder says them with a mean log F0; NaN, or words without pitch: with their own."""
    shift = log_f0 - words.log_f0
    return blocks.at_pitch(vocoders.load(vocoder), words, settings, 0.0 if np.isnan(shift) else shift)
