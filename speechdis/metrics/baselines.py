"""Vectors that cost no training: the floors of every table. A model worth having beats them.

On speechocean762 the mean and standard deviation of 20 MFCC, z-normalised, reach an EER of 8 %.
"""

import numpy as np

from speechdis.metrics.moments import moments


def utterance_statistics(frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean and standard deviation over frames of each utterance, (U, 2F) float64.

    Args:
        frames: (N, F), memory-mapped or not; one utterance at a time is read.
        first, counts: (U,) first row and number of frames of each utterance.

    >>> frames = np.array([[1.0], [3], [5]])
    >>> utterance_statistics(frames, first=np.array([0, 2]), counts=np.array([2, 1])).tolist()
    [[2.0, 1.0], [5.0, 0.0]]
    """
    rows = (np.asarray(frames[f : f + c], np.float64) for f, c in zip(first, counts, strict=True))
    return np.stack([np.concatenate([row.mean(axis=0), row.std(axis=0)]) for row in rows])


def mfcc(frames: np.ndarray, count: int = 20) -> np.ndarray:
    """Mel cepstrum of log-mel frames (N, F): orthonormal DCT-II, coefficients 0 to count - 1, (N, count)."""
    from scipy.fft import dct

    return dct(frames, type=2, norm="ortho", axis=-1)[..., :count]


def standardised(vectors: np.ndarray, training: np.ndarray) -> np.ndarray:
    """`vectors` (U, D) less the mean and over the standard deviation of `training` (V, D), by dimension.

    A dimension that is constant in training is only centred.
    """
    mean, std = moments(training)
    return (vectors - mean) / std


def random_vectors(count: int, size: int = 64, seed: int = 0) -> np.ndarray:
    """Vectors that know nothing, (count, size): independent standard normal numbers."""
    return np.random.default_rng(seed).standard_normal((count, size))
