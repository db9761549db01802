"""Verification figures of any number of scores, which are counted and not kept: exact, in constant memory.

A float32 has 2^32 values. The first pass counts scores by their upper 20 bits. Where a figure depends on more than
these counts say, a further pass counts the lower 12 bits of the few bins concerned. So the equal error rate, its
threshold and the minimum detection costs are those of `verification.figures`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.equal_error import EER, crossing
from speechdis.metrics.low_rates import Tally
from speechdis.metrics.verification import Verification, deviates

Block = tuple[
    np.ndarray, np.ndarray
]  # scores of all trials, and again of the target trials among them; float32
Scores = Callable[[], Iterable[Block]]  # one pass over all of them, the same ones at each call

_LOW = 12  # bits of a value within its bin
_BINS = 1 << (32 - _LOW)
_AT_ONCE = 2048  # bins that are resolved in one pass, 64 kB each
_FINITE = np.array([-np.finfo(np.float32).max, np.finfo(np.float32).max], np.float32)


@dataclass
class Counts:
    """Numbers of scores by value.

    Attributes:
        scores: a pass over them.
        own, cross: (2^20,) int64 target and non-target scores of each bin, ascending.
        fine: of a bin that is resolved, the same for each of its values, (2, 2^12).
    """

    scores: Scores
    own: np.ndarray
    cross: np.ndarray
    fine: dict[int, np.ndarray] = field(default_factory=dict)

    def figures(self, interval: tuple[float, float] | None, speakers: int | None) -> Verification:
        """What is printed of the scores; takes one more pass over them, or a few."""
        while (bins := self._unclear()).size:
            self._resolve(bins[:_AT_ONCE])
        found = self._eer()
        return Verification(
            eer=found.value,
            threshold=found.threshold,
            interval=interval,
            min_dcf_01=self._min_dcf(0.01),
            min_dcf_05=self._min_dcf(0.05),
            target=int(self.own.sum()),
            nontarget=int(self.cross.sum()),
            speakers=speakers,
        )

    def det(self, points: int = 500) -> tuple[np.ndarray, np.ndarray]:
        """Points (miss, fa) of the curve, as `verification.det` gives them, at edges of bins."""
        bins = []
        for counts in (self.own, self.cross):
            upto = np.cumsum(counts)
            bins.append(np.searchsorted(upto, deviates(points, int(upto[-1])), "right"))
        edges = np.append(np.unique(np.concatenate(bins)), _BINS)
        missed, rejected = (_below(counts)[edges] for counts in (self.own, self.cross))
        return missed / self.own.sum(), 1 - rejected / self.cross.sum()

    def tally(self) -> Tally:
        """The counts at the lower edges of bins, up to 0.05 % under the scores: enough for `low_rates`."""
        there = np.flatnonzero(self.own + self.cross)
        values = _values_of(there << _LOW)
        return Tally(values.astype(np.float64), self.own[there], self.cross[there])

    def _unclear(self) -> np.ndarray:
        """Bins on which a figure depends and that are not resolved."""
        bins = np.concatenate([self._crossed(), self._cheap(0.01), self._cheap(0.05)])
        return np.setdiff1d(bins, np.fromiter(self.fine, np.int64))

    def _resolve(self, bins: np.ndarray) -> None:
        """Count the values of each of `bins`, in one pass."""
        slot = np.full(_BINS, -1, np.int32)
        slot[bins] = np.arange(len(bins))
        every, own = (np.zeros(len(bins) << _LOW, np.int64) for _ in range(2))
        for block in self.scores():
            for counts, values in zip((every, own), block, strict=True):
                keys = _keys(values)
                place = slot[_bins(keys)]
                chosen = np.flatnonzero(place >= 0)
                low = keys[chosen] & ((1 << _LOW) - 1)
                counts += np.bincount((place[chosen] << _LOW) | low, minlength=len(counts))
        both = np.stack([own, every - own]).reshape(2, len(bins), -1)
        self.fine.update({int(k): both[:, m] for m, k in enumerate(bins)})

    def _crossed(self) -> np.ndarray:
        """Bins of the first score past which miss >= fa, and of the first past which miss > fa."""
        gap = self._gap(np.cumsum(self.own), np.cumsum(self.cross))
        return np.unique([np.argmax(gap >= 0), np.argmax(gap > 0)])

    def _gap(self, missed: np.ndarray, rejected: np.ndarray) -> np.ndarray:
        """miss - fa, times both numbers of trials."""
        targets, others = self.own.sum(), self.cross.sum()
        return missed * others - (others - rejected) * targets

    def _eer(self) -> EER:
        """As `equal_error.eer_of_ascending`."""
        first, *more = (self._values(int(k)) for k in self._crossed())
        values, own, cross, missed, rejected = (
            np.concatenate([a, *rest]) for a, *rest in zip(first, *more, strict=True)
        )
        gap = self._gap(missed + own, rejected + cross)
        i = int(np.argmax(gap >= 0))
        targets, others = self.own.sum(), self.cross.sum()
        value = crossing(
            missed[i] / targets,
            1 - rejected[i] / others,
            (missed[i] + own[i]) / targets,
            1 - (rejected[i] + cross[i]) / others,
        )
        met = i if own[i] else int(np.argmax(gap > 0))
        return EER(float(value), float(values[met]))

    def _values(self, k: int) -> tuple[np.ndarray, ...]:
        """Of each value that scores of a bin have: it, its numbers of target and non-target scores, and below it."""
        own, cross = self.fine[k]
        there = np.flatnonzero(own + cross)
        missed, rejected = (
            counts[:k].sum() + _below(part)[there] for counts, part in ((self.own, own), (self.cross, cross))
        )
        return _values_of((k << _LOW) + there), own[there], cross[there], missed, rejected

    def _cost(self, p_target: float, missed: np.ndarray, rejected: np.ndarray) -> np.ndarray:
        cost = p_target / self.own.sum() * missed
        return cost + (1 - p_target) * (1 - rejected / self.cross.sum())

    def _cheap(self, p_target: float) -> np.ndarray:
        """Bins with a target score whose detection cost may be the least, by bounds."""
        missed, rejected = _below(self.own), _below(self.cross)
        there = np.flatnonzero(self.own)
        bound = self._cost(p_target, missed[there], rejected[there]).min()
        resolved = [self._least(p_target, k) for k in there[np.isin(there, list(self.fine))].tolist()]
        least = self._cost(p_target, missed[there], rejected[there + 1])
        return there[least <= min([bound, p_target, *resolved])]

    def _least(self, p_target: float, k: int) -> float:
        """The least cost of a target score as threshold, in a bin."""
        _, own, _, missed, rejected = self._values(k)
        return float(self._cost(p_target, missed[own > 0], rejected[own > 0]).min())

    def _min_dcf(self, p_target: float) -> float:
        """As `verification.min_dcf`."""
        least = [self._least(p_target, k) for k in self._cheap(p_target).tolist()]
        return float(min([*least, p_target]) / min(p_target, 1 - p_target))


def count(scores: Scores) -> Counts:
    """Count all scores, in one pass.

    Raises:
        InputError: no target or no non-target trial, or a score that is NaN or infinite.
    """
    every, own = np.zeros(_BINS, np.int64), np.zeros(_BINS, np.int64)
    for block in scores():
        for counts, values in zip((every, own), block, strict=True):
            counts += np.bincount(_bins(_keys(values)), minlength=_BINS)
    low, high = _bins(_keys(_FINITE))
    for counts, name in ((own, "target"), (every - own, "non-target")):
        if not counts.any():
            raise InputError(f"there is no {name} trial; an error rate needs both kinds")
        if counts[:low].any() or counts[high + 1 :].any():
            raise InputError(f"a {name} score is NaN or infinite")
    return Counts(scores, own, every - own)


def _keys(scores: np.ndarray) -> np.ndarray:
    """(N,) int32 that stand in the order of the scores (N,) float32."""
    keys = (scores.ravel() + np.float32(0)).view(np.int32)  # + 0: -0 is 0
    keys ^= (keys >> 31) & 0x7FFFFFFF
    return keys


def _bins(keys: np.ndarray) -> np.ndarray:
    return (keys >> _LOW) + (_BINS >> 1)


def _values_of(places: np.ndarray) -> np.ndarray:
    """The scores at places in [0, 2^32), counted from the lowest."""
    keys = (places - (1 << 31)).astype(np.int32)
    return (keys ^ ((keys >> 31) & 0x7FFFFFFF)).view(np.float32)


def _below(counts: np.ndarray) -> np.ndarray:
    """0, c_0, c_0 + c_1, ..."""
    return np.concatenate([[0], np.cumsum(counts)])
