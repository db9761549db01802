"""Codes whose distribution over an utterance is the same for all: whitened, then normal scores.

How often a code takes which value, and which of its dimensions move together, tells voices apart: a codebook counts
just that. So every utterance is brought to no mean and no correlation, and each dimension to the normal scores of its
ranks (van der Waerden 1952). What is left is the order of values in time, and of that words are made.

A voice is also in how it says each sound. By sound, codes are then moved so that those near each of 32 fixed points
have these as their mean in every utterance.
"""

from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from speechdis.errors import InputError

Kind = Literal["whole", "by-sound"]
LEAST = 1e-6  # of the largest variance: below it a direction holds nothing, and is not made louder
SOUNDS, NARROW = 32, 1 / 3  # fixed points; variance of a sound, of that in their clustering
DRAWN, ROUNDS = 40_000, 25  # vectors that are clustered, and how often
MOVES, UNSURE = 8, 3.0  # times codes are moved; frames that hold a point where it is


def normal_scores(frames: np.ndarray, kind: Kind = "whole") -> np.ndarray:
    """Codes (T, D) of one utterance, whitened by their own covariance, as normal scores of each dimension: (T, D).

    Whitening turns no axis more than it must, so a dimension keeps its meaning. Equal values get equal scores.

    Args:
        frames: the codes.
        kind: "by-sound" also moves each sound to its place.

    Raises:
        InputError: no such kind.

    >>> normal_scores(np.array([[3.0], [9], [4]])).round(2).ravel()
    array([-0.97,  0.97,  0.  ], dtype=float32)
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    if kind not in get_args(Kind):
        raise InputError(f"normal scores '{kind}': there are {' and '.join(get_args(Kind))}")
    x = np.asarray(frames, np.float64)
    centred = x - x.mean(0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(x))
    kept = values > LEAST * values[-1]
    scale = np.zeros_like(values)
    scale[kept] = values[kept] ** -0.5
    white = centred @ (axes * scale) @ axes.T
    ranks = rankdata(white.round(9), axis=0)  # what differs by rounding alone is equal
    scores = ndtri((ranks - 0.5) / len(x))
    return (_placed(scores) if kind == "by-sound" else scores).astype(np.float32)


def of_each(frames: np.ndarray, first: np.ndarray, counts: np.ndarray, kind: Kind = "whole") -> np.ndarray:
    """`normal_scores` of each utterance with `counts` (U,) rows from `first` (U,) on of (N, D); other rows are 0."""
    found = np.zeros(frames.shape, np.float32)
    for begin, count in zip(first.tolist(), counts.tolist(), strict=True):
        found[begin : begin + count] = normal_scores(frames[begin : begin + count], kind)
    return found


def _placed(x: np.ndarray) -> np.ndarray:
    """Normal scores (T, D), each sound's mean moved to its point; few frames move it less."""
    points, variance = _sounds(x.shape[1])
    for _ in range(MOVES):
        share = _shares(x, points, variance * NARROW)  # (T, K)
        count = share.sum(0)[:, None]
        x = x - share @ ((share.T @ x - count * points) / (count + UNSURE))
    return x


@lru_cache(maxsize=8)
def _sounds(dimensions: int) -> tuple[np.ndarray, float]:
    """Points (K, D) of a soft clustering of normal vectors, always the same, and a cluster's variance a dimension."""
    x = np.random.default_rng(0).normal(size=(DRAWN, dimensions))
    points, variance = x[:SOUNDS], 1.0
    for _ in range(ROUNDS):
        share = _shares(x, points, variance)
        count = share.sum(0)[:, None]
        points = share.T @ x / count
        within = (share * _distances(x, points)).sum()
        variance = float(within / len(x) / dimensions)
    return points, variance


def _shares(x: np.ndarray, points: np.ndarray, variance: float) -> np.ndarray:
    """How much of each row of (T, D) is of each point, (T, K): rows sum to 1."""
    far = _distances(x, points) / (2 * variance)
    share = np.exp(far.min(1, keepdims=True) - far)
    return share / share.sum(1, keepdims=True)


def _distances(x: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Squares, (T, K)."""
    return (x**2).sum(1)[:, None] + (points**2).sum(1) - 2 * x @ points.T
