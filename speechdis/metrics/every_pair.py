"""Verification by all pairs of utterances, without a list of them and without keeping their scores.

The pairs of 45,000 utterances are 10^9. Their scores are made a block of rows at a time, counted, and made again where
the counts leave a figure open: see `counted`. Memory is that of the vectors and of a block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from speechdis.metrics.counted import Block, Counts, count
from speechdis.metrics.intervals import BOOTSTRAP_TRIALS, resampled, some_trials
from speechdis.metrics.low_rates import Tally
from speechdis.metrics.scoring import Scoring, cosine
from speechdis.metrics.trials import Pairs, all_pairs, require_pairs
from speechdis.metrics.verification import Verification, det, verify

MOST = 100_000_000_000  # trials, of 450,000 utterances: hours


@dataclass(frozen=True)
class Sizes:
    """When a list is done without, and in what pieces; the figures differ by rounding alone.

    Attributes:
        listed: trials, at most, that are made one by one, as those of a file are.
        block: scores made at a time.
        drawn: trials of either kind that the bootstrap uses, at most.
    """

    listed: int = 1 << 24
    block: int = 1 << 22
    drawn: int = BOOTSTRAP_TRIALS


SIZES = Sizes()


class EveryPair:
    """All unordered pairs of different utterances as trials: target where the speaker is one."""

    def __init__(
        self, scoring: Scoring, spks: Sequence[str] | np.ndarray, sizes: Sizes = SIZES, device: str = "cpu"
    ) -> None:
        """Nothing is scored yet.

        Args:
            scoring: of U utterances.
            spks: (U,) speaker of each.
            device: of the matrix products.

        Raises:
            InputError: more pairs than hours are enough for.
        """
        self.scoring, self.sizes, self.device = scoring, sizes, device
        names, codes = np.unique(spks, return_inverse=True)
        self.codes, self.speakers = codes.astype(np.int32), len(names)
        self.listed = require_pairs(len(codes) * (len(codes) - 1) // 2, MOST) <= sizes.listed

    def verify(self, resamples: int = 1000, seed: int = 0) -> Verification:
        """All figures; no interval where `resamples` is 0.

        Raises:
            InputError: as `verification.verify`.
        """
        if self.listed:
            scores, pairs = self._list
            a, b = (self.codes[pairs.i], self.codes[pairs.j]) if resamples else (None, None)
            return verify(scores, pairs.target, a, b, resamples, seed, self.sizes.drawn)
        counts = self._counts
        interval = self._interval(resamples, seed) if resamples else None
        return counts.figures(interval, self.speakers)

    def det(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (miss, fa) of the detection error trade-off, as `verification.det`."""
        if self.listed:
            scores, pairs = self._list
            return det(scores[pairs.target], scores[~pairs.target])
        return self._counts.det()

    def tally(self) -> Tally:
        """All scores by value, or by bins of a 2,048th of it where they are not kept."""
        if self.listed:
            scores, pairs = self._list
            return Tally.of(scores[pairs.target], scores[~pairs.target])
        return self._counts.tally()

    @cached_property
    def _list(self) -> tuple[np.ndarray, Pairs]:
        pairs = all_pairs(self.codes)
        return self.scoring.pairs(pairs.i, pairs.j), pairs

    @cached_property
    def _counts(self) -> Counts:
        return count(self._scored)

    def _scored(self) -> Iterator[Block]:
        """One pass over all scores: below the diagonal block by block, then what is to the right of each."""
        scores, size = self.scoring.blocks(self.device), len(self.codes)
        start = 0
        while start < size:
            end = min(size, start + max(1, self.sizes.block // (size - start)))
            rows, right = slice(start, end), slice(end, size)
            above = np.triu_indices(end - start, 1)
            for columns, part in ((rows, above), (right, ...)):
                same = self.codes[rows, None] == self.codes[columns]
                found = scores(rows, columns)[part]
                yield found, found[same[part]]
            start = end

    def _interval(self, resamples: int, seed: int) -> tuple[float, float]:
        """Of some trials of either kind, drawn at random."""
        rng = np.random.default_rng(seed)
        own, cross = self._later()
        kept = []
        for each, sides in ((own, self._of_one), (cross, self._of_two)):
            ends = np.cumsum(each)
            drawn = some_trials(int(ends[-1]), rng, self.sizes.drawn)
            ranks = np.arange(ends[-1]) if drawn is None else drawn
            i = np.searchsorted(ends, ranks, "right")
            j = sides(i, ranks - (ends - each)[i])
            scores = self.scoring.pairs(i, j)
            order = np.argsort(scores, kind="stable")
            kept.append((scores[order], self.codes[i[order]], self.codes[j[order]]))
        (t, spk, _), (n, a, b) = kept
        return resampled(self.speakers, t, n, spk, a, b, resamples, rng)

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Utterances by speaker, the place of each among them, and how many of its speaker come before it."""
        order = np.argsort(self.codes, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        each = np.bincount(self.codes)
        return order, place, place - (np.cumsum(each) - each)[self.codes]

    def _later(self) -> tuple[np.ndarray, np.ndarray]:
        """(U,) utterances of the same speaker, and of others, that come after each."""
        _, _, before = self._sorted
        own = np.bincount(self.codes)[self.codes] - 1 - before
        return own, np.arange(len(own))[::-1] - own

    def _of_one(self, i: np.ndarray, k: np.ndarray) -> np.ndarray:
        """The k-th utterance (N,), from 0, of the speaker of `i` (N,) after it."""
        order, place, _ = self._sorted
        return order[place[i] + 1 + k]

    def _of_two(self, i: np.ndarray, k: np.ndarray) -> np.ndarray:
        """The k-th utterance (N,), from 0, of other speakers than that of `i` (N,) after it."""
        order, _, before = self._sorted
        others = np.arange(len(order)) - before  # utterances of other speakers that come before each
        wanted = others[i] + k  # so many come before the one that is sought
        ids, size = self.codes.astype(np.int64), len(order)
        skipped = np.searchsorted((ids * size + others)[order], ids[i] * size + wanted, "right")
        return wanted + skipped - (np.cumsum(np.bincount(ids)) - np.bincount(ids))[ids[i]]


def verify_all(
    vectors: np.ndarray,
    spks: Sequence[str] | np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
    sizes: Sizes = SIZES,
) -> Verification:
    """All figures of the cosines of all pairs of vectors (U, D); see `EveryPair`."""
    return EveryPair(cosine(vectors), spks, sizes).verify(resamples, seed)
