"""How far one recording's sound is from another's, frame by frame: spectrum, cepstrum, pitch.

Both have the same words at the same times, so nothing is aligned.
"""

from typing import NamedTuple

import numpy as np

from speechdis.features import Bins

RANGE = 30.0  # dB: quieter frames, against the loudest of the reference, are pauses and do not count
CEPSTRA = 24
DECIBELS = 10 / np.log(10)


def decibels(frames: np.ndarray, bins: Bins) -> np.ndarray:
    """Log frames (T, F) as the levels of their bins in dB."""
    return np.asarray(frames, np.float64) * (DECIBELS / bins.exponent)


def log_spectral_distance(frames: np.ndarray, reference: np.ndarray, bins: Bins) -> float:
    """Root mean square over bins of the difference in dB, mean over the frames of speech of `reference` (T, F)."""
    a, b = decibels(frames, bins), decibels(reference, bins)
    return float(np.sqrt(np.square(a - b).mean(1))[_speech(b)].mean())


def mel_cepstral_distortion(frames: np.ndarray, reference: np.ndarray, bins: Bins) -> float:
    """The same of cepstral coefficients 1 to 24, in dB: level does not count, nor does what is finer than an envelope.

    On mel bins 10 / ln 10 sqrt(2 sum_k (c_k - c'_k)^2), as usual, with log |X| = c_0 + sum_k c_k cos(k w).
    """
    from scipy.fft import dct

    a, b = decibels(frames, bins), decibels(reference, bins)
    cepstra = dct(a - b, norm="ortho")[:, 1 : CEPSTRA + 1]
    return float(np.sqrt(np.square(cepstra).sum(1) / a.shape[1])[_speech(b)].mean())


class PitchDistance(NamedTuple):
    """Of frames voiced in both: root mean square in cents, and correlation of log F0; share of frames voiced in one
    alone. NaN where fewer than three frames are voiced in both."""

    cents: float
    correlation: float
    voicing: float


def pitch_distance(f0: np.ndarray, reference: np.ndarray, shift: float = 0.0) -> PitchDistance:
    """Of contours (T,) and (T',) in Hz, 0 where unvoiced; log F0 of the reference is raised by `shift` first.

    >>> octave = pitch_distance(np.array([0.0, 200, 400, 200]), np.array([100.0, 100, 200, 100]))
    >>> round(octave.cents), octave.voicing
    (1200, 0.25)
    """
    count = min(len(f0), len(reference))
    a, b = f0[:count], reference[:count]
    both = (a > 0) & (b > 0)
    voicing = float(((a > 0) != (b > 0)).mean())
    if both.sum() < 3:
        return PitchDistance(float("nan"), float("nan"), voicing)
    x, y = np.log(a[both]), np.log(b[both]) + shift
    cents = 1200 / np.log(2) * float(np.sqrt(np.square(x - y).mean()))
    spread = x.std() * y.std()
    correlation = float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread > 0 else float("nan")
    return PitchDistance(cents, correlation, voicing)


def _speech(levels: np.ndarray) -> np.ndarray:
    """Frames (T,) whose mean level in dB is within RANGE of the loudest."""
    loudness = levels.mean(1)
    return loudness > loudness.max() - RANGE
