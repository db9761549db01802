"""Speaker verification figures from the scores of trials: EER, its interval over speakers, minDCF, DET data.

Time O(n log n), for two sorts; memory O(n), for the sorted copies.
"""

from dataclasses import dataclass

import numpy as np

from speechdis.metrics.equal_error import ascending, eer_of_ascending, require_finite
from speechdis.metrics.intervals import BOOTSTRAP_TRIALS, bootstrap


@dataclass(frozen=True)
class Verification:
    """Everything that is printed of one list of scored trials; rates in [0, 1].

    Attributes:
        eer, threshold: see `EER`.
        interval: 95 % interval of the EER, bootstrapped over speakers; None where speakers are unknown.
        min_dcf_01, min_dcf_05: normalised minimum detection cost at P(target) = 0.01 and 0.05.
        target, nontarget: numbers of trials.
        speakers: number of speakers in the trials; None where unknown.
    """

    eer: float
    threshold: float
    interval: tuple[float, float] | None
    min_dcf_01: float
    min_dcf_05: float
    target: int
    nontarget: int
    speakers: int | None


def verify(
    scores: np.ndarray,
    target: np.ndarray,
    spk_a: np.ndarray | None = None,
    spk_b: np.ndarray | None = None,
    resamples: int = 1000,
    seed: int = 0,
    most: int = BOOTSTRAP_TRIALS,
) -> Verification:
    """All figures of scored trials.

    Args:
        scores: (N,), higher = more alike.
        target: (N,) bool, True where both sides are one speaker.
        spk_a, spk_b: (N,) int speaker of either side, for the interval; None leaves it out.
        resamples, seed, most: of `bootstrap`.

    Raises:
        InputError: as `eer` and `bootstrap`.
    """
    interval = speakers = None
    if spk_a is not None and spk_b is not None:
        interval = bootstrap(scores, target, spk_a, spk_b, resamples, seed, most)
        speakers = len(np.union1d(spk_a, spk_b))
    return figures(*ascending(scores[target], scores[~target]), interval, speakers)


def figures(
    t: np.ndarray, n: np.ndarray, interval: tuple[float, float] | None, speakers: int | None
) -> Verification:
    """What is printed of target scores `t` (P,) and non-target scores `n` (N,), both ascending.

    Raises:
        InputError: as `eer`.
    """
    require_finite(t, n)
    crossing = eer_of_ascending(t, n)
    return Verification(
        eer=crossing.value,
        threshold=crossing.threshold,
        interval=interval,
        min_dcf_01=_min_dcf(t, n, 0.01),
        min_dcf_05=_min_dcf(t, n, 0.05),
        target=len(t),
        nontarget=len(n),
        speakers=speakers,
    )


def min_dcf(
    target: np.ndarray, nontarget: np.ndarray, p_target: float, c_miss: float = 1.0, c_fa: float = 1.0
) -> float:
    """Minimum over thresholds of c_miss p_target miss + c_fa (1 - p_target) fa, normalised (NIST SRE).

    Normalised by the cost of the better of accepting all and refusing all, so that 1 is a useless system. The
    threshold need only be a target score or above all of them: between two target scores a higher one only
    lowers fa.

    Raises:
        InputError: as `eer`.

    >>> min_dcf(np.array([1.0, 2, 3, 4]), np.array([0.0, 0.5, 1.5, 0.2]), p_target=0.01)
    0.25
    """
    return _min_dcf(*ascending(target, nontarget), p_target, c_miss, c_fa)


def det(target: np.ndarray, nontarget: np.ndarray, points: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Points (miss, fa) of the curve for a detection error trade-off plot, miss ascending.

    Thresholds are up to `points` target and `points` non-target scores, evenly spaced in normal deviates (the
    axes of a DET plot), and +inf.

    Raises:
        InputError: as `eer`.
    """
    t, n = ascending(target, nontarget)
    thresholds = [scores[deviates(points, len(scores))] for scores in (t, n)]
    threshold = np.append(np.unique(np.concatenate(thresholds)), np.inf)
    return np.searchsorted(t, threshold) / len(t), 1 - np.searchsorted(n, threshold) / len(n)


def deviates(points: int, count: int) -> np.ndarray:
    """Ranks (points,) among `count` scores, ascending, evenly spaced in normal deviates from -4 to 4."""
    from scipy.special import ndtr

    return np.rint(ndtr(np.linspace(-4, 4, points)) * (count - 1)).astype(np.int64)


def _min_dcf(t: np.ndarray, n: np.ndarray, p_target: float, c_miss: float = 1.0, c_fa: float = 1.0) -> float:
    # Of tied targets the first has the true miss and the rest overstate it, so they never win.
    cost = c_miss * p_target / len(t) * np.arange(len(t))
    cost += c_fa * (1 - p_target) * (1 - np.searchsorted(n, t) / len(n))
    return float(min(cost.min(), c_miss * p_target) / min(c_miss * p_target, c_fa * (1 - p_target)))
