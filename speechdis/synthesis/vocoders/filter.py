"""Source and filter: the words' own sound, phases included, filtered to the frames.

The recording is brought to the voice's pitch by WSOLA and resampling, which moves its formants too; a filter moves
them back. A lower pitch leaves the top of the band empty, where no filter finds anything to lift: there the recording
stays as it was.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.augment.voice import convert
from speechdis.synthesis.envelope import filtered, mended
from speechdis.synthesis.words import Words, words_of

LEAST, MOST = 0.02, 0.7  # shifts of log F0 smaller are not made, larger ones not wholly
SMOOTH = 25  # cosine terms of the gain that are kept where pitch is moved: the envelope, not the harmonics
EDGE = 0.92  # of the band that resampling leaves, what is not yet faded by its filter


def at_pitch(words: Words, settings: Mapping[str, Any], shift: float) -> np.ndarray:
    """Waveform (n,) of the words' recording, log F0 shifted; see the package."""
    if abs(shift) <= LEAST:
        return words.wave
    factor = float(np.exp(np.clip(shift, -MOST, MOST)))
    moved = words_of(_topped(convert(words.wave, words.rate, factor), words.wave, EDGE * factor), settings)
    return filtered(moved.wave, moved.frames, words.frames, settings, SMOOTH)


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any]) -> np.ndarray:
    """Waveform (n,) of the words, filtered to `frames`; see the package."""
    return mended(words.wave, frames, settings)


def _topped(low: np.ndarray, high: np.ndarray, cut: float) -> np.ndarray:
    """`low` (n,) below the frequency `cut`, of the highest one, and `high` (n,) above it: (n,) float32."""
    from scipy.fft import irfft, next_fast_len, rfft

    if cut >= 1:
        return low
    size = next_fast_len(len(low), real=True)
    spectrum, top = rfft(low, size), rfft(high, size)
    edge = round(cut * len(spectrum))
    spectrum[edge:] = top[edge:]
    return irfft(spectrum, size)[: len(low)].astype(np.float32)
