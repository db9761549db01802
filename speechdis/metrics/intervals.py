"""95 % intervals of the equal error rate: over speakers, or over trials where nobody knows the speakers."""

import logging
from collections.abc import Callable

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.equal_error import ascending, crossing, require_finite

BOOTSTRAP_TRIALS = 250_000  # of either kind; more add time and, next to the draw of speakers, no precision


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
    t, n = ascending(target, nontarget)
    t, n = (x if (drawn := some_trials(len(x), rng)) is None else x[drawn] for x in (t, n))

    def draw() -> tuple[np.ndarray, np.ndarray]:
        first, second = (np.bincount(rng.integers(len(x), size=len(x)), minlength=len(x)) for x in (t, n))
        return first, second

    return _interval(t, n, draw, resamples)


def _interval(
    t: np.ndarray, n: np.ndarray, draw: Callable[[], tuple[np.ndarray, np.ndarray]], resamples: int
) -> tuple[float, float]:
    """95 % interval of the EER of ascending scores when `draw` weighs the trials, (P,) and (N,) integers."""
    require_finite(t, n)
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
            values[k] = crossing(miss[targets_below[i]], fa[below[i]], miss[targets_upto[i]], fa[upto[i]])
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


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
