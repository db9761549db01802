"""Speaker verification figures from the scores of trials: EER, minDCF, DET data, an interval over speakers.

A trial is accepted when score >= threshold. miss(threshold) is the share of target scores below it,
fa(threshold) the share of non-target scores at or above it; all points (miss, fa), joined by straight lines,
are the ROC. The equal error rate is the crossing of that piecewise-linear curve with miss = fa: well defined
with ties and few trials too, unlike "the threshold with the smallest |miss - fa|". Time O(n log n), for two
sorts; memory O(n), for the sorted copies.
"""

import logging
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError

BOOTSTRAP_TRIALS = 250_000  # of either kind; more add time and, next to the draw of speakers, no precision


@dataclass(frozen=True)
class EER:
    """Equal error rate, in [0, 1], the score at which it is met, and its 95 % interval where that was asked for."""

    value: float
    threshold: float
    interval: tuple[float, float] | None = None


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
    return figures(*_sorted(scores[target], scores[~target]), interval, speakers)


def figures(
    t: np.ndarray, n: np.ndarray, interval: tuple[float, float] | None, speakers: int | None
) -> Verification:
    """What is printed of target scores `t` (P,) and non-target scores `n` (N,), both ascending.

    Raises:
        InputError: as `eer`.
    """
    _check(t, n)
    crossing = _eer(t, n)
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


def eer(target: np.ndarray, nontarget: np.ndarray) -> EER:
    """Equal error rate of target scores (P,) and non-target scores (N,).

    Raises:
        InputError: no target or no non-target trial, or a score that is NaN or infinite.

    >>> eer(np.array([1.0, 2, 3, 4]), np.array([0.0, 0.5, 1.5, 0.2])).value
    0.25
    """
    return _eer(*_sorted(target, nontarget))


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
    return _min_dcf(*_sorted(target, nontarget), p_target, c_miss, c_fa)


def det(target: np.ndarray, nontarget: np.ndarray, points: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Points (miss, fa) of the curve for a detection error trade-off plot, miss ascending.

    Thresholds are up to `points` target and `points` non-target scores, evenly spaced in normal deviates (the
    axes of a DET plot), and +inf.

    Raises:
        InputError: as `eer`.
    """
    from scipy.special import ndtr

    t, n = _sorted(target, nontarget)
    share = ndtr(np.linspace(-4, 4, points))
    thresholds = [scores[np.rint(share * (len(scores) - 1)).astype(np.int64)] for scores in (t, n)]
    threshold = np.append(np.unique(np.concatenate(thresholds)), np.inf)
    return np.searchsorted(t, threshold) / len(t), 1 - np.searchsorted(n, threshold) / len(n)


def bootstrap(
    scores: np.ndarray,
    target: np.ndarray,
    spk_a: np.ndarray,
    spk_b: np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
    most: int = BOOTSTRAP_TRIALS,
) -> tuple[float, float]:
    """95 % interval of the EER when the speakers are drawn anew, with replacement.

    A speaker drawn m times counts as m different people with the same recordings: its target trials weigh m,
    a non-target trial of two speakers weighs the product of theirs, and trials between two copies of one
    speaker do not exist. Draws without a target or a non-target trial are left out.

    Of more target or non-target trials than `most`, so many random ones (by `seed`) are used, with a note: the
    interval comes from the number of speakers, not of trials.

    Args:
        scores: (N,), higher = more alike.
        target: (N,) bool.
        spk_a, spk_b: (N,) int, any labels.

    Raises:
        InputError: as `eer`; only one speaker; labels that contradict `target`.
    """
    names = np.union1d(np.unique(spk_a), np.unique(spk_b))
    if len(names) < 2:
        raise InputError("all trials are of one speaker; an error rate needs at least two")
    if (wrong := np.flatnonzero((spk_a == spk_b) != target)).size:
        raise InputError(f"the label of trial {wrong[0] + 1} contradicts its speakers")
    rng = np.random.default_rng(seed)
    own, cross = _ascending(scores, target, rng, most), _ascending(scores, ~target, rng, most)
    own_spk, cross_a, cross_b = (
        np.searchsorted(names, spk) for spk in (spk_a[own], spk_a[cross], spk_b[cross])
    )
    return resampled(len(names), scores[own], scores[cross], own_spk, cross_a, cross_b, resamples, rng)


def resampled(
    people: int,
    t: np.ndarray,
    n: np.ndarray,
    own_spk: np.ndarray,
    cross_a: np.ndarray,
    cross_b: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """The interval of `bootstrap`, from the trials that it uses.

    Args:
        people: number of speakers.
        t, n: (P,) target and (N,) non-target scores, ascending.
        own_spk: (P,) speaker of each target trial, counted from 0.
        cross_a, cross_b: (N,) speakers of each non-target trial.
    """

    def draw() -> tuple[np.ndarray, np.ndarray]:
        times = np.bincount(rng.integers(people, size=people), minlength=people)
        return times.take(own_spk), times.take(cross_a) * times.take(cross_b)

    return _interval(t, n, draw, resamples)


def over_trials(
    target: np.ndarray, nontarget: np.ndarray, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the EER when target and non-target trials are drawn anew, each trial for itself.

    Trials that share speakers depend on one another: then this is too narrow, and `bootstrap` is right.
    """
    rng = np.random.default_rng(seed)
    t, n = _sorted(target, nontarget)
    t, n = (x if (drawn := some_trials(len(x), rng)) is None else x[drawn] for x in (t, n))

    def draw() -> tuple[np.ndarray, np.ndarray]:
        first, second = (np.bincount(rng.integers(len(x), size=len(x)), minlength=len(x)) for x in (t, n))
        return first, second

    return _interval(t, n, draw, resamples)


def _interval(
    t: np.ndarray, n: np.ndarray, draw: Callable[[], tuple[np.ndarray, np.ndarray]], resamples: int
) -> tuple[float, float]:
    """95 % interval of the EER of ascending scores when `draw` weighs the trials, (P,) and (N,) integers."""
    _check(t, n)
    # The curve is needed at and just above each target score: so many targets and non-targets lie below.
    targets_below, targets_upto = np.searchsorted(t, t, "left"), np.searchsorted(t, t, "right")
    below, upto = np.searchsorted(n, t, "left"), np.searchsorted(n, t, "right")
    edges = np.unique(np.concatenate([[0], below, upto]))
    edges = edges[edges < len(n)]
    below, upto = np.searchsorted(edges, below), np.searchsorted(edges, upto)
    values = np.full(resamples, np.nan)
    for k in range(resamples):
        own, cross = draw()
        miss = _cumulative(own)
        # Sums between edges, not a running sum: four times as fast.
        reject = _cumulative(np.add.reduceat(cross, edges))
        if miss[-1] and reject[-1]:
            miss, fa = miss / miss[-1], 1 - reject / reject[-1]
            i = np.argmax(miss[targets_upto] >= fa[upto])
            values[k] = _meet(miss[targets_below[i]], fa[below[i]], miss[targets_upto[i]], fa[upto[i]])
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def _sorted(target: np.ndarray, nontarget: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sets of scores ascending, in one floating type (mixed ones would be converted at every search)."""
    kind = np.result_type(np.asarray(target).dtype, np.asarray(nontarget).dtype, np.float32)
    t, n = (np.sort(np.asarray(scores, kind).ravel()) for scores in (target, nontarget))
    _check(t, n)
    return t, n


def _check(t: np.ndarray, n: np.ndarray) -> None:
    """`t` and `n` ascending: NaN stands at the end, -inf at the beginning."""
    for scores, name in ((t, "target"), (n, "non-target")):
        if not len(scores):
            raise InputError(f"there is no {name} trial; an error rate needs both kinds")
        for extreme in (scores[-1], scores[0]):
            if not np.isfinite(extreme):
                raise InputError(f"a {name} score is {'NaN' if np.isnan(extreme) else 'infinite'}")


def _eer(t: np.ndarray, n: np.ndarray) -> EER:
    def curve(score: np.floating, side: str) -> tuple[int, int]:
        """Target and non-target scores below ("left") or up to ("right") a score."""
        return int(np.searchsorted(t, score, side)), int(np.searchsorted(n, score, side))  # type: ignore[call-overload]

    def crossed(i: int) -> bool:
        """Just above target score i: miss >= fa."""
        missed, rejected = curve(t[i], "right")
        return missed * len(n) >= (len(n) - rejected) * len(t)

    # miss - fa only grows along the curve: halving finds the first target score that ends past the diagonal.
    i = bisect_left(range(len(t)), True, key=crossed)
    (missed, rejected), (missed_above, rejected_above) = curve(t[i], "left"), curve(t[i], "right")
    value = _meet(missed / len(t), 1 - rejected / len(n), missed_above / len(t), 1 - rejected_above / len(n))
    # The crossing lies at t[i], or before it at the non-target score where fa passes miss.
    passing = len(n) * (len(t) - missed) // len(t)
    before = n[passing] if passing < len(n) else t[i]
    return EER(value, float(min(before, t[i])))


def _meet(miss: float, fa: float, miss_above: float, fa_above: float) -> float:
    """Where the curve meets miss = fa: between this point, at a target score, and the one just above it, or
    on the way to this point."""
    if miss >= fa:  # crossed before it, where only fa falls
        return miss
    rise, fall = miss_above - miss, fa - fa_above
    return miss + rise * (fa - miss) / (rise + fall)


def _min_dcf(t: np.ndarray, n: np.ndarray, p_target: float, c_miss: float = 1.0, c_fa: float = 1.0) -> float:
    # Of tied targets the first has the true miss and the rest overstate it, so they never win.
    cost = c_miss * p_target / len(t) * np.arange(len(t))
    cost += c_fa * (1 - p_target) * (1 - np.searchsorted(n, t) / len(n))
    return float(min(cost.min(), c_miss * p_target) / min(c_miss * p_target, c_fa * (1 - p_target)))


def _ascending(scores: np.ndarray, mask: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    """Indices of the trials under `mask`, by score; of too many a random share."""
    index = np.flatnonzero(mask)
    if (drawn := some_trials(len(index), rng, most)) is not None:
        index = index[drawn]
    return index[np.argsort(scores[index], kind="stable")]


def some_trials(count: int, rng: np.random.Generator, most: int = BOOTSTRAP_TRIALS) -> np.ndarray | None:
    """Which of `count` trials of a kind the bootstrap uses, ascending; None for all."""
    if count <= most:
        return None
    logging.getLogger(__name__).info("the interval uses a random %d of %d trials", most, count)
    return np.sort(rng.choice(count, most, replace=False))


def _cumulative(weights: np.ndarray) -> np.ndarray:
    """0, w_0, w_0 + w_1, ...: weight of the first k trials, (N + 1,)."""
    total = np.zeros(len(weights) + 1, np.int64)
    np.cumsum(weights, out=total[1:])
    return total
