"""Source and filter: the words' own sound, at the voice's pitch, filtered to the frames.

The recording is brought to the voice's pitch by PSOLA, period by period. What has no pitch stays as it was, and
phases are kept: of the vocoders it changes the words least.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.synthesis import pitch, psola
from speechdis.synthesis.envelope import mended
from speechdis.synthesis.words import Words

LEAST = 0.02  # shifts of log F0 smaller than this are not made
HOP = 0.005  # s between measurements of pitch
SMOOTH = 15  # cosine terms of the filters to the words' own frames: 25 bring their harmonics back


def at_pitch(words: Words, settings: Mapping[str, Any], shift: float) -> np.ndarray:
    """Waveform (n,) of the words' recording, log F0 shifted; see the package."""
    if abs(shift) <= LEAST:
        return words.wave
    f0, _ = pitch.contour(words.wave, words.rate, HOP)
    return mended(psola.moved(words.wave, words.rate, f0, HOP, shift), words.frames, settings, SMOOTH)


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any]) -> np.ndarray:
    """Waveform (n,) of the words, filtered to `frames`; see the package."""
    return mended(words.wave, frames, settings)
