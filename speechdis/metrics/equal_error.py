"""The equal error rate of scored trials.

A trial is accepted when score >= threshold. miss(threshold) is the share of target scores below it,
fa(threshold) the share of non-target scores at or above it; all points (miss, fa), joined by straight lines,
are the ROC. The equal error rate is the crossing of that piecewise-linear curve with miss = fa: well defined
with ties and few trials too, unlike "the threshold with the smallest |miss - fa|".
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError


@dataclass(frozen=True)
class EER:
    """Equal error rate, in [0, 1], the score at which it is met, and its 95 % interval where that was asked for."""

    value: float
    threshold: float
    interval: tuple[float, float] | None = None


def eer(target: np.ndarray, nontarget: np.ndarray) -> EER:
    """Equal error rate of target scores (P,) and non-target scores (N,).

    Raises:
        InputError: no target or no non-target trial, or a score that is NaN or infinite.

    >>> eer(np.array([1.0, 2, 3, 4]), np.array([0.0, 0.5, 1.5, 0.2])).value
    0.25
    """
    return eer_of_ascending(*ascending(target, nontarget))


def eer_of(scores: np.ndarray, target: np.ndarray) -> float:
    """The equal error rate of scores (P,), of which `target` (P,) are of one speaker. Raises InputError as `eer`."""
    return eer(scores[target], scores[~target]).value


def ascending(target: np.ndarray, nontarget: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both sets of scores ascending, in one floating type (mixed ones would be converted at every search)."""
    kind = np.result_type(np.asarray(target).dtype, np.asarray(nontarget).dtype, np.float32)
    t, n = (np.sort(np.asarray(scores, kind).ravel()) for scores in (target, nontarget))
    require_finite(t, n)
    return t, n


def require_finite(t: np.ndarray, n: np.ndarray) -> None:
    """`t` and `n` ascending: NaN stands at the end, -inf at the beginning."""
    for scores, name in ((t, "target"), (n, "non-target")):
        if not len(scores):
            raise InputError(f"there is no {name} trial; an error rate needs both kinds")
        for extreme in (scores[-1], scores[0]):
            if not np.isfinite(extreme):
                raise InputError(f"a {name} score is {'NaN' if np.isnan(extreme) else 'infinite'}")


def eer_of_ascending(t: np.ndarray, n: np.ndarray) -> EER:
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
    value = crossing(
        missed / len(t), 1 - rejected / len(n), missed_above / len(t), 1 - rejected_above / len(n)
    )
    # The crossing lies at t[i], or before it at the non-target score where fa passes miss.
    passing = len(n) * (len(t) - missed) // len(t)
    before = n[passing] if passing < len(n) else t[i]
    return EER(value, float(min(before, t[i])))


def crossing(miss: float, fa: float, miss_above: float, fa_above: float) -> float:
    """Where the curve meets miss = fa: between this point, at a target score, and the one just above it, or
    on the way to this point."""
    if miss >= fa:  # crossed before it, where only fa falls
        return miss
    rise, fall = miss_above - miss, fa - fa_above
    return miss + rise * (fa - miss) / (rise + fall)
