"""Probabilistic linear discriminant analysis in its two-covariance form (Brümmer & de Villiers 2010).

A vector is mean + speaker + session, both Gaussian, of covariance `between` and `within`. The score of two vectors is
the log likelihood ratio of one speaker to two. Vectors are centred and divided by their lengths first
(Garcia-Romero & Espy-Wilson 2011), with the mean of the training vectors.

SpeechBrain's PLDA agrees with this one in the tests, scores and training. It keeps a matrix for every training speaker,
1.8 GB for 6,000 speakers of 192 numbers, and all scores as another; here neither is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.scoring import Scoring
from speechdis.metrics.trials import unit_vectors


@dataclass(frozen=True)
class Plda:
    """What training vectors of D numbers say.

    Attributes:
        centre: (D,) subtracted before the division by the length.
        mean: (D,) of the vectors of length 1.
        between, within: (D, D) covariance of speakers, and of the vectors of a speaker.
    """

    centre: np.ndarray
    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray

    def scoring(self, vectors: np.ndarray) -> Scoring:
        """Log likelihood ratios of vectors (U, D).

        The sum and the difference of two centred vectors are independent. Of one speaker, their variances (halved)
        are total + between and within; of two speakers, total and total.
        """
        x = self._prepared(vectors)
        total = self.between + self.within
        both, apart = np.linalg.inv(total + self.between), np.linalg.inv(self.within)
        cross = (apart - both) / 2
        own = np.linalg.inv(total) - (apart + both) / 2
        logs = [np.linalg.slogdet(c)[1] for c in (total, total + self.between, self.within)]
        constant = logs[0] - (logs[1] + logs[2]) / 2
        term = (np.einsum("ud,de,ue->u", x, own, x, optimize=True) + constant)[:, None] / 2
        one = np.ones_like(term)
        left, right = np.hstack([x @ cross, term, one]), np.hstack([x, one, term])
        return Scoring(left.astype(np.float32), right.astype(np.float32))

    def _prepared(self, vectors: np.ndarray) -> np.ndarray:
        return unit_vectors(vectors - self.centre).astype(np.float64) - self.mean


def train(vectors: np.ndarray, spks: Sequence[str] | np.ndarray, iterations: int = 10) -> Plda:
    """Learn from vectors (U, D) of speakers `spks` (U,), by expectation maximisation from moments.

    Raises:
        InputError: vectors of another length than they need, too few of them, or of one speaker alone.
    """
    codes = np.unique(spks, return_inverse=True)[1]
    each, size = np.bincount(codes), vectors.shape[1]
    if len(codes) - len(each) < size or len(each) < 2:
        raise InputError(
            f"{len(codes):,} vectors of {len(each):,} speakers do not teach PLDA in {size} dimensions; needs two "
            f"speakers, and {size:,} vectors more than speakers"
        )
    centre = vectors.mean(0)
    x = unit_vectors(vectors - centre).astype(np.float64)
    mean = x.mean(0)
    x -= mean
    means = np.zeros((len(each), size))
    np.add.at(means, codes, x)
    means /= each[:, None]
    inner = x - means[codes]
    scatter = inner.T @ inner
    within = scatter / (len(codes) - len(each))
    between = _positive(means.T @ means / len(each) - within * (1 / each).mean())
    if not np.linalg.eigvalsh(within)[0] > 1e-12 * np.trace(within):
        raise InputError("the vectors of a speaker do not vary in every dimension; PLDA needs that they do")
    for _ in range(iterations):
        between, within = _step(between, within, scatter, means, each)
    return Plda(centre, mean, between, within)


def _step(
    between: np.ndarray, within: np.ndarray, scatter: np.ndarray, means: np.ndarray, each: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One step: posterior of every speaker's vector, (S, D), then both covariances.

    Args:
        scatter: (D, D) of vectors around the means of their speakers.
        means: (S, D) of speakers.
        each: (S,) vectors of each.
    """
    people, sessions = np.zeros_like(between), scatter.copy()
    for count in np.unique(each):
        own = means[each == count]
        gain = np.linalg.solve(between + within / count, between)  # (D, D)
        left = len(own) * (between - between @ gain)  # what stays unknown of these speakers
        found = own @ gain
        people += left + found.T @ found
        sessions += count * (left + (own - found).T @ (own - found))
    return people / len(each), sessions / each.sum()


def _positive(covariance: np.ndarray) -> np.ndarray:
    """The nearest covariance: without directions of negative variance."""
    values, axes = np.linalg.eigh(covariance)
    return (axes * np.maximum(values, 1e-6 * values[-1])) @ axes.T
