"""Codes whose distribution over an utterance is the same for all: whitened, then normal scores.

How often a code takes which value, and which of its dimensions move together, tells voices apart: a codebook counts
just that. So every utterance is brought to no mean and no correlation, and each dimension to the normal scores of its
ranks (van der Waerden 1952). What is left is the order of values in time, and of that words are made.
"""

import numpy as np

LEAST = 1e-6  # of the largest variance: below it a direction holds nothing, and is not made louder


def normal_scores(frames: np.ndarray) -> np.ndarray:
    """Codes (T, D) of one utterance, whitened by their own covariance, as normal scores of each dimension: (T, D).

    Whitening turns no axis more than it must, so a dimension keeps its meaning. Equal values get equal scores.

    >>> normal_scores(np.array([[3.0], [9], [4]])).round(2).ravel()
    array([-0.97,  0.97,  0.  ], dtype=float32)
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    x = np.asarray(frames, np.float64)
    centred = x - x.mean(0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(x))
    kept = values > LEAST * values[-1]
    scale = np.zeros_like(values)
    scale[kept] = values[kept] ** -0.5
    white = centred @ (axes * scale) @ axes.T
    ranks = rankdata(white.round(9), axis=0)  # what differs by rounding alone is equal
    return ndtri((ranks - 0.5) / len(x)).astype(np.float32)


def of_each(frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """`normal_scores` of each utterance with `counts` (U,) rows from `first` (U,) on of (N, D); other rows are 0."""
    found = np.zeros(frames.shape, np.float32)
    for begin, count in zip(first.tolist(), counts.tolist(), strict=True):
        found[begin : begin + count] = normal_scores(frames[begin : begin + count])
    return found
