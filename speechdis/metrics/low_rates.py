"""What an equal error rate hides: misses at few false accepts, the cost of log likelihood ratios, and linkability.

An attacker who is right about few people, but surely, may have an EER of 45 %. Misses at 1 % and 0.1 % false accepts
show it. Cllr (Brümmer & du Preez 2006) is the information in bits that scores, read as natural log likelihood ratios,
lose; min Cllr that of the best increasing map of them to such ratios, found by pool-adjacent-violators. D_sys
(Gomez-Barrero, Galbally, Rathgeb & Busch 2018) says how linkable two recordings of a speaker are, as VoicePrivacy 2020
computes it, with histograms: 0 where no score tells, 1 where every score does.
"""

from dataclasses import dataclass

import numpy as np

from speechdis.metrics.equal_error import ascending
from speechdis.metrics.verification import det

BINS, FEW = (
    100,
    10,
)  # of the histograms of D_sys, at most, and target scores a bin where there are few of them
LOW = (0.01, 0.001)  # shares of false accepts


@dataclass(frozen=True)
class LowRates:
    """Figures beside the equal error rate.

    Attributes:
        miss_at_1, miss_at_01: share of targets refused where 1 % and 0.1 % of non-targets are accepted, in [0, 1].
        cllr, min_cllr: bits; 1 is what scores that tell nothing lose.
        linkability: D_sys, in [0, 1].
    """

    miss_at_1: float
    miss_at_01: float
    cllr: float
    min_cllr: float
    linkability: float


@dataclass(frozen=True)
class Tally:
    """Scores by value: `values` (K,) ascending and different, `own` and `cross` (K,) target and non-target scores."""

    values: np.ndarray
    own: np.ndarray
    cross: np.ndarray

    @classmethod
    def of(cls, target: np.ndarray, nontarget: np.ndarray) -> "Tally":
        """The tally of scores (P,) and (N,). Raises InputError as `eer`."""
        t, n = ascending(target, nontarget)
        values = np.union1d(t, n)
        own, cross = (np.bincount(np.searchsorted(values, s), minlength=len(values)) for s in (t, n))
        return cls(values.astype(np.float64), own, cross)

    def tally(self) -> "Tally":
        """Itself, as of what counts scores elsewhere."""
        return self

    def det(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (miss, fa) of the detection error trade-off, as `verification.det`."""
        return det(np.repeat(self.values, self.own), np.repeat(self.values, self.cross))


def low_rates(target: np.ndarray, nontarget: np.ndarray) -> LowRates:
    """All figures of target scores (P,) and non-target scores (N,).

    Raises:
        InputError: as `eer`.
    """
    return figures(Tally.of(target, nontarget))


def figures(tally: Tally) -> LowRates:
    """All figures of scores that are counted."""
    one, tenth = (miss_at(tally, rate) for rate in LOW)
    return LowRates(one, tenth, cllr(tally), min_cllr(tally), linkability(tally))


def miss_at(tally: Tally, rate: float) -> float:
    """Share of targets refused where a share `rate` of non-targets is accepted, on the ROC of `equal_error`.

    >>> miss_at(Tally.of(np.array([1.0, 2, 3, 4]), np.array([0.0, 0.5, 1.5, 2.5])), 0.25)
    0.25
    """
    miss = np.concatenate([[0], np.cumsum(tally.own)]) / tally.own.sum()
    fa = 1 - np.concatenate([[0], np.cumsum(tally.cross)]) / tally.cross.sum()
    k = int(np.argmax(fa <= rate))  # the lowest threshold that accepts few enough
    if k == 0 or fa[k] == rate:
        return float(miss[k])
    share = (fa[k - 1] - rate) / (fa[k - 1] - fa[k])
    return float(miss[k - 1] + share * (miss[k] - miss[k - 1]))


def cllr(tally: Tally) -> float:
    """Cost, in bits, of scores that are natural log likelihood ratios.

    >>> cllr(Tally.of(np.zeros(3), np.zeros(5)))
    1.0
    """
    lost = np.logaddexp(0, -tally.values) @ tally.own / tally.own.sum()
    lost += np.logaddexp(0, tally.values) @ tally.cross / tally.cross.sum()
    return float(lost / (2 * np.log(2)))


def min_cllr(tally: Tally) -> float:
    """Cllr after the best increasing map of the scores.

    The ratio of a block of values is the odds of a target in it over those in all trials.
    """
    own, total = _increasing(tally.own, tally.own + tally.cross)
    with np.errstate(divide="ignore"):
        ratio = np.log(own / (total - own)) - np.log(tally.own.sum() / tally.cross.sum())
    of_own, of_cross = tally.own > 0, tally.cross > 0  # an infinite ratio stands where the other kind is not
    lost = np.logaddexp(0, -ratio[of_own]) @ tally.own[of_own] / tally.own.sum()
    lost += np.logaddexp(0, ratio[of_cross]) @ tally.cross[of_cross] / tally.cross.sum()
    return float(lost / (2 * np.log(2)))


def _increasing(own: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each value (K,) the target scores and all scores of its block, of pooled neighbours whose shares only grow.

    Pool-adjacent-violators, after neighbours of one kind alone, whose shares are the same, are pooled.
    """
    kind = np.where(own == 0, 0, np.where(own == total, 1, 2))
    begins = np.flatnonzero(np.concatenate([[True], (kind[1:] != kind[:-1]) | (kind[1:] == 2)]))
    blocks: list[tuple[int, int, int]] = []  # target scores, all scores, pooled neighbours
    for a, b in zip(*(np.add.reduceat(each, begins).tolist() for each in (own, total)), strict=True):
        many = 1
        while blocks and blocks[-1][0] * b >= a * blocks[-1][1]:
            before = blocks.pop()
            a, b, many = a + before[0], b + before[1], many + before[2]
        blocks.append((a, b, many))
    pooled = np.repeat(np.array(blocks)[:, :2], [block[2] for block in blocks], axis=0)
    lengths = np.diff(np.append(begins, len(own)))
    return np.repeat(pooled[:, 0], lengths), np.repeat(pooled[:, 1], lengths)


def linkability(tally: Tally) -> float:
    """D_sys: the mean over target scores of 2 LR / (1 + LR) - 1 where LR > 1, for a prior odds (omega) of 1.

    LR is the ratio of two densities, of histograms; the mean is an integral by trapezia over the centres of their bins,
    which VoicePrivacy takes, too.
    """
    count = max(1, min(int(tally.own.sum()) // FEW, BINS))
    edges = np.linspace(tally.values[0], tally.values[-1], count + 1)
    if not edges[0] < edges[-1]:
        return 0.0
    own, cross = (
        np.histogram(tally.values, edges, weights=counts)[0] / counts.sum() / np.diff(edges)
        for counts in (tally.own.astype(float), tally.cross.astype(float))
    )
    ratio = np.divide(own, cross, out=np.full_like(own, np.inf), where=cross > 0)
    tells = np.where(ratio > 1, 1 - 2 / (1 + ratio), 0) * own
    return float(np.trapezoid(tells, (edges[1:] + edges[:-1]) / 2))
