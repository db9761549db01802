"""Samples that somebody has in memory already, as `read_audio` would give them."""

import numbers
from typing import Any

import numpy as np

from speechdis.data.recording import BLOCK, RATES
from speechdis.data.survey import Mix, Survey
from speechdis.errors import InputError


def as_wave(samples: Any, given: int | None, rate: int) -> np.ndarray:
    """Samples at `given` Hz as a waveform (n,), float32, at `rate` Hz.

    Args:
        samples: an array, or a tensor on the CPU: (n,), (channels, n) or (n, channels). The shorter axis is of
            channels, which are averaged. Integers count as a share of their type's range. Scales and channels that
            cancel each other are found as in files.
        given: Hz.
        rate: Hz.

    Raises:
        InputError: `given` is missing, or no rate of speech; no samples, more than two axes, numbers that are not
            finite, or only digital silence.
    """
    wave = np.asarray(samples)
    if wave.dtype.kind not in "iuf" or wave.ndim not in (1, 2) or not wave.size:
        raise InputError(
            f"an array of shape {wave.shape} and type {wave.dtype} is no recording; give samples (n,)"
        )
    if given is None:
        raise InputError("an array does not tell its sample rate; add rate=, in Hz")
    if not isinstance(given, numbers.Real) or not RATES[0] <= given <= RATES[1]:
        raise InputError(f"rate={given!r}: speech is sampled at {RATES[0]:,} to {RATES[1]:,} Hz")
    floating = wave.dtype.kind == "f"
    if not floating:
        half = 2.0 ** (8 * wave.dtype.itemsize - 1)
        wave = (
            wave - half if wave.dtype.kind == "u" else wave
        ) / half  # zero of unsigned samples is in the middle
    wave = _mono(wave if wave.ndim == 2 else wave[:, None], floating)
    if given == rate:
        return wave
    import soxr

    return np.asarray(soxr.resample(wave, given, rate), np.float32)


def _mono(wave: np.ndarray, floating: bool) -> np.ndarray:
    """(n, channels) or (channels, n) to (n,) float32, in blocks."""
    wave = wave.T if wave.shape[0] <= wave.shape[1] else wave
    blocks = [wave[first : first + BLOCK].astype(np.float32) for first in range(0, len(wave), BLOCK)]
    survey = Survey(floating)
    for block in blocks:
        survey.add(block)
    mix = Mix("an array", survey, survey)
    return np.concatenate([mix(block) for block in blocks])
