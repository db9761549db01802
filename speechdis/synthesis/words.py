"""A recording whose words are said again: its samples, its frames and its pitch, whatever its length."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from speechdis.features import FeatureSettings, extract
from speechdis.synthesis import pitch
from speechdis.synthesis.rows import Array, collected

PIECE = 6000  # frames at a time: what their extraction needs does not grow with the recording


@dataclass(frozen=True)
class Words:
    """A recording.

    Attributes:
        wave: (n,) samples in [-1, 1] at the rate of the settings; of a long recording on disk.
        frames: its (T, F) log frames; on disk where `wave` is.
        rate: Hz.
    """

    wave: Array
    frames: Array
    rate: int

    @cached_property
    def log_f0(self) -> float:
        """Mean of log F0 (Hz) where it is voiced; NaN where it nowhere is."""
        return pitch.level_of(self.wave, self.rate)


def words_of(wave: Array, settings: Mapping[str, Any]) -> Words:
    """A waveform (n,) with its frames, the same as of `extract` but extracted piece by piece.

    Raises:
        InputError: it is shorter than one window.
    """
    cut = FeatureSettings.of(settings)
    window, hop = cut.samples
    count = max(1, 1 + (len(wave) - window) // hop)
    parts = (
        extract(wave[first * hop : (min(first + PIECE, count) - 1) * hop + window], settings)
        for first in range(0, count, PIECE)
    )
    return Words(wave, collected(parts, wave), cut.rate)
