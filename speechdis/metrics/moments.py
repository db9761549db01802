"""Mean and standard deviation of many frames, for z-normalisation."""

import numpy as np


def moments(frames: np.ndarray, rows: int = 1 << 16) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column of (N, D), float64, in two passes, `rows` at a time.

    A column that is constant (to rounding) has standard deviation 1, so that it can be divided by.

    >>> mean, deviation = moments(np.array([[1.0, 5], [3, 5]]))
    >>> mean.tolist(), deviation.tolist()
    ([2.0, 5.0], [1.0, 1.0])
    """
    parts = range(0, len(frames), rows)
    mean = sum(frames[k : k + rows].sum(axis=0, dtype=np.float64) for k in parts) / len(frames)
    square = sum(np.square(frames[k : k + rows] - mean).sum(axis=0) for k in parts)
    std = np.sqrt(square / len(frames))
    return mean, np.where(std > 1e-6 * np.abs(mean), std, 1.0)
