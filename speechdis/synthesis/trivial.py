"""Conversions that need no model: what a system of voice conversion must beat.

Each says the words of B with one statistic of A's recordings: the mean pitch; and with it the place of the formants, or
the mean and deviation of every band.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from speechdis.features import spectrum_of
from speechdis.synthesis import blocks, vocoders
from speechdis.synthesis.content import pitched
from speechdis.synthesis.conversion import unclipped
from speechdis.synthesis.words import Words

WARPS = np.linspace(0.8, 1.25, 46)  # of frequency: more than tracts differ, from men to children
LEAST = 0.1  # nats: deviation of a band, below which it is not stretched


def copied(words: Words, settings: Mapping[str, Any], vocoder: str) -> np.ndarray:
    """The words by the vocoder alone, (n,): pitch and frames are their own."""
    return _rendered(words.frames, pitched(words, words.log_f0, settings, vocoder), settings, vocoder)


def warped(moved: Words, voice: Words, settings: Mapping[str, Any], vocoder: str) -> np.ndarray:
    """Words at the voice's pitch, (n,), with all frequencies times the factor that brings the mean spectra nearest."""
    frequencies = spectrum_of(settings).frequencies
    factor = factor_between(moved.frames.mean(0), voice.frames.mean(0), frequencies)
    return _rendered(warp(moved.frames, frequencies, factor), moved, settings, vocoder)


def matched(moved: Words, voice: Words, settings: Mapping[str, Any], vocoder: str) -> np.ndarray:
    """Words at the voice's pitch, (n,), each band with the mean and standard deviation of the voice's frames."""
    own, theirs = (np.maximum(one.frames.std(0), LEAST) for one in (moved, voice))
    frames = (moved.frames - moved.frames.mean(0)) * (theirs / own) + voice.frames.mean(0)
    return _rendered(frames, moved, settings, vocoder)


def warp(frames: np.ndarray, frequencies: np.ndarray, factor: float) -> np.ndarray:
    """Log frames (T, F) with what is at f Hz moved to f times `factor`; what comes from beyond the bins is the last."""
    place = np.interp(frequencies / factor, frequencies, np.arange(len(frequencies)))
    left = np.minimum(place.astype(int), len(frequencies) - 2)
    share = place - left
    return frames[:, left] * (1 - share) + frames[:, left + 1] * share


def factor_between(own: np.ndarray, theirs: np.ndarray, frequencies: np.ndarray) -> float:
    """Of WARPS, by which the mean spectrum `own` (F,) comes nearest to `theirs`, whatever their levels."""
    far = [np.var(warp(own[None], frequencies, factor)[0] - theirs) for factor in WARPS]
    return float(WARPS[int(np.argmin(far))])


def _rendered(frames: np.ndarray, words: Words, settings: Mapping[str, Any], vocoder: str) -> np.ndarray:
    made = blocks.render(vocoders.load(vocoder), frames.astype(np.float32), words, settings)
    return np.asarray(unclipped(made))
