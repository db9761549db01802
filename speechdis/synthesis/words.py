"""A recording whose words are said again: its samples, its frames and its pitch, whatever its length."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from speechdis.features import extract
from speechdis.synthesis import pitch

PIECE = 6000  # frames at a time: what their extraction needs does not grow with the recording


@dataclass(frozen=True)
class Words:
    """A recording.

    Attributes:
        wave: (n,) samples in [-1, 1] at the rate of the settings.
        frames: its (T, F) log frames.
        rate: Hz.
    """

    wave: np.ndarray
    frames: np.ndarray
    rate: int

    @cached_property
    def log_f0(self) -> float:
        """Mean of log F0 (Hz) where it is voiced; NaN where it nowhere is."""
        return pitch.level_of(self.wave, self.rate)


def words_of(wave: np.ndarray, settings: Mapping[str, Any]) -> Words:
    """A waveform (n,) with its frames, the same as of `extract` but extracted piece by piece.

    Raises:
        InputError: it is shorter than one window.
    """
    config = settings["config"]
    hop, window = (round(config["rate"] * config[name]) for name in ("hop", "window"))
    count = max(1, 1 + (len(wave) - window) // hop)
    parts = [
        extract(wave[first * hop : (min(first + PIECE, count) - 1) * hop + window], settings)
        for first in range(0, count, PIECE)
    ]
    return Words(wave, np.concatenate(parts), config["rate"])
