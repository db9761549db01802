"""Source and filter: the words' own sound, phases included, filtered to the frames.

Before, the recording is brought to the voice's pitch by WSOLA and resampling, which moves its formants too; the filter
moves them back.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.augment.voice import convert
from speechdis.synthesis.envelope import SMOOTH, filtered
from speechdis.synthesis.words import Words, words_of

LEAST, MOST = 0.02, 0.7  # shifts of log F0 smaller are not made, larger ones not wholly


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any], shift: float = 0.0) -> np.ndarray:
    """Waveform (n,) as long as the words' recording; see the package."""
    if abs(shift) <= LEAST:
        return filtered(words.wave, words.frames, frames, settings)
    factor = float(np.exp(np.clip(shift, -MOST, MOST)))
    moved = words_of(convert(words.wave, words.rate, factor), settings)
    return filtered(moved.wave, moved.frames, frames, settings, SMOOTH)
