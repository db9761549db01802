"""WORLD: the words said anew at the voice's pitch, then filtered to the frames.

Of the words' recording F0 (dio), envelope (cheaptrick) and aperiodicity (d4c) are measured; log F0 is shifted, all else
stays (Morise, Yokomori & Ozawa 2016). The envelope of what is synthesised is 4 dB off; filters leave one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.synthesis import pitch
from speechdis.synthesis.envelope import mended
from speechdis.synthesis.words import Words

HOP = 0.005  # s between WORLD's frames
VOICED = 0.85  # share of the power up to 4 kHz in that up to TOP, above which d4c takes a frame for voiced
TOP = 15800  # Hz: d4c reads power up to 7.9 kHz, and of slower recordings what happens to be in memory
SMOOTH = 15  # cosine terms of filters to the words' own frames: 25 bring their harmonics back


def at_pitch(words: Words, settings: Mapping[str, Any], shift: float) -> np.ndarray:
    """Waveform (n,) of the words' recording, log F0 shifted; see the package."""
    import pyworld

    samples = np.ascontiguousarray(words.wave, np.float64)
    f0, times = pitch.contour(samples, words.rate, HOP)
    envelope = pyworld.cheaptrick(samples, f0, times, words.rate)
    voiced = VOICED if words.rate > TOP else -np.inf
    aperiodicity = pyworld.d4c(samples, f0, times, words.rate, threshold=voiced)
    made = pyworld.synthesize(f0 * np.exp(shift), envelope, aperiodicity, words.rate, 1000 * HOP)
    wave = np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)].astype(np.float32)
    return mended(wave, words.frames, settings, SMOOTH)


def render(frames: np.ndarray, words: Words, settings: Mapping[str, Any]) -> np.ndarray:
    """Waveform (n,) of the words, filtered to `frames`; see the package."""
    return mended(words.wave, frames, settings)
