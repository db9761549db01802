"""WORLD: the words' excitation made anew at the voice's pitch, then filtered to the frames.

Of the words' recording F0 (dio), envelope (cheaptrick) and aperiodicity (d4c) are measured; the envelope is
multiplied by what takes the recording's own frames to the frames wanted, log F0 is shifted, contour and aperiodicity
stay (Morise, Yokomori & Ozawa 2016). The envelope of what is synthesised is 4 dB off; filters leave one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.features import extract
from speechdis.synthesis import pitch
from speechdis.synthesis.envelope import filtered, log_gain
from speechdis.synthesis.words import Words

HOP = 0.005  # s between WORLD's frames
FILTERS = 3  # one after the other, each by what those before have left
SMOOTH = 15  # cosine terms of a filter that are kept: three of 25 bring the words' own harmonics back


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any], shift: float = 0.0) -> np.ndarray:
    """Waveform (n,) as long as the words' recording; see the package."""
    pyworld = pitch.world()
    rate = words.rate
    samples = np.ascontiguousarray(words.wave, np.float64)
    f0, times = pitch.contour(samples, rate, HOP)
    envelope = pyworld.cheaptrick(samples, f0, times, rate)
    aperiodicity = pyworld.d4c(samples, f0, times, rate)
    frequencies = np.linspace(0, rate / 2, envelope.shape[1])
    envelope *= np.exp(2 * log_gain(frames, words.frames, settings, times, frequencies))
    made = pyworld.synthesize(f0 * np.exp(shift), envelope, aperiodicity, rate, 1000 * HOP)
    wave = np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)].astype(np.float32)
    for _ in range(FILTERS):
        wave = filtered(wave, extract(wave, settings), frames, settings, SMOOTH)
    return wave
