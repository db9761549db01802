"""Kaldi's short-time power spectrum, which every feature type begins with.

Frames are cut at the edges (`snip_edges`): T = 1 + floor((n - window) / hop), frame t begins at sample t hop.
Of each frame the mean is taken away, then pre-emphasis, then the Povey window (Hann^0.85). Samples in [-1, 1)
are brought to the int16 scale first, since Kaldi's log energies are on that scale (2 ln 32768 = 20.8 higher).

SciPy's float32 FFT makes this faster than torchaudio.compliance.kaldi, and worker processes need no torch:
they start in half a second and stay small. Tests hold it to torchaudio and to Kaldi's own code.
"""

from functools import lru_cache

import numpy as np
from scipy.fft import rfft

from speechdis.errors import InputError

FLOOR = np.finfo(np.float32).eps  # of a power, as in Kaldi: digital silence stays finite
SCALE = np.float32(32768)


def power_spectrum(wave: np.ndarray, window: int, hop: int, preemphasis: float, size: int) -> np.ndarray:
    """Power |X|^2, (T, size // 2 + 1) float32, of a waveform (n,) in [-1, 1).

    Args:
        window, hop: samples.
        preemphasis: each sample loses this much of the one before it.
        size: points of the FFT, at least `window`.

    Raises:
        InputError: the waveform is shorter than one window.
    """
    if len(wave) < window:
        raise InputError(f"{len(wave)} samples, shorter than one window of {window}")
    scaled = np.asarray(wave, np.float32) * SCALE
    frames = np.lib.stride_tricks.sliding_window_view(scaled, window)[::hop]
    x = frames - frames.mean(1, keepdims=True)
    x[:, 1:] -= np.float32(preemphasis) * x[:, :-1]
    x[:, 0] *= np.float32(1 - preemphasis)  # the sample before the first is taken to be like it
    spectrum = rfft(x * povey(window), size)
    return spectrum.real**2 + spectrum.imag**2


@lru_cache(maxsize=8)
def povey(window: int) -> np.ndarray:
    """Kaldi's window, (window,) float32: a Hann window to the power 0.85, zero at both ends."""
    return np.hanning(window).astype(np.float32) ** np.float32(0.85)


def white_power(frequencies: np.ndarray, rate: int, window: int, preemphasis: float) -> np.ndarray:
    """Expected power at `frequencies` (Hz) of white noise of unit mean square (samples in [-1, 1))."""
    response = 1 - preemphasis * np.exp(-2j * np.pi * frequencies / rate)
    return np.abs(response) ** 2 * np.square(povey(window)).sum() * SCALE**2
