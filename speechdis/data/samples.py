"""Samples that somebody has in memory already, as `read_audio` would give them."""

from typing import Any

import numpy as np

from speechdis.errors import InputError


def as_wave(samples: Any, given: int | None, rate: int) -> np.ndarray:
    """Samples at `given` Hz as a waveform (n,), float32, at `rate` Hz.

    Args:
        samples: an array, or a tensor on the CPU: (n,), (channels, n) or (n, channels). The shorter axis is of
            channels, which are averaged. Integers count as a share of their type's range.
        given: Hz.
        rate: Hz.

    Raises:
        InputError: `given` is missing or not positive; no samples, more than two axes, or numbers that are not finite.
    """
    if given is None:
        raise InputError("an array does not tell its sample rate; add rate=, in Hz")
    if given < 1:
        raise InputError(f"rate={given}: a sample rate is a number of Hz above 0")
    wave = np.asarray(samples)
    if wave.dtype.kind not in "iuf" or wave.ndim not in (1, 2) or not wave.size:
        raise InputError(
            f"an array of shape {wave.shape} and type {wave.dtype} is no recording; give samples (n,)"
        )
    if wave.dtype.kind in "iu":
        half = 2.0 ** (8 * wave.dtype.itemsize - 1)
        wave = (
            wave - half if wave.dtype.kind == "u" else wave
        ) / half  # zero of unsigned samples is in the middle
    if wave.ndim == 2:
        wave = wave.mean(axis=int(np.argmin(wave.shape)))
    wave = wave.astype(np.float32)
    if not np.isfinite(wave).all():
        raise InputError("an array with NaN or infinite samples is no recording")
    if given == rate:
        return wave
    import soxr

    return np.asarray(soxr.resample(wave, given, rate), np.float32)
