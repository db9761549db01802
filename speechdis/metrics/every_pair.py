"""Verification by all pairs of utterances, without a list of them.

The pairs of 20,000 utterances are 200 million: their scores take 0.8 GB, a list of who is compared several times as
much. Scores are therefore made a block of rows at a time; of the pairs themselves only those are kept that the
bootstrap draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechdis.metrics.intervals import BOOTSTRAP_TRIALS, resampled, some_trials
from speechdis.metrics.trials import all_pairs, cosine_scores, require_pairs, unit_vectors
from speechdis.metrics.verification import Verification, figures, verify

MOST = 500_000_000  # trials, 4 bytes each


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


def verify_all(
    vectors: np.ndarray,
    spks: Sequence[str] | np.ndarray,
    resamples: int = 1000,
    seed: int = 0,
    sizes: Sizes = SIZES,
) -> Verification:
    """All figures of the cosines of all pairs.

    Args:
        vectors: (U, D).
        spks: (U,) speaker of each.

    Raises:
        InputError: as `verify`; more pairs than fit.
    """
    if _count(len(spks)) <= sizes.listed:
        codes, pairs = np.unique(spks, return_inverse=True)[1], all_pairs(spks)
        scores = cosine_scores(vectors, pairs.i, pairs.j)
        return verify(scores, pairs.target, codes[pairs.i], codes[pairs.j], resamples, seed, sizes.drawn)
    names, codes = np.unique(spks, return_inverse=True)
    rng = np.random.default_rng(seed)
    kept = [some_trials(count, rng, sizes.drawn) for count in _kinds(codes)]
    own, cross = _scored(vectors, codes, kept, sizes.block)
    interval = None
    if len(own.scores) and len(cross.scores):
        t, n = own.drawn(), cross.drawn()
        interval = resampled(len(names), t[0], n[0], codes[t[1]], codes[n[1]], codes[n[2]], resamples, rng)
    own.scores.sort()
    cross.scores.sort()
    return figures(own.scores, cross.scores, interval, len(names))


def all_scores(
    vectors: np.ndarray, spks: Sequence[str] | np.ndarray, sizes: Sizes = SIZES
) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of all pairs of one speaker (P,), and of two speakers (N,), float32. Raises InputError for too many."""
    if _count(len(spks)) <= sizes.listed:
        pairs = all_pairs(spks)
        scores = cosine_scores(vectors, pairs.i, pairs.j)
        return scores[pairs.target], scores[~pairs.target]
    codes = np.unique(spks, return_inverse=True)[1]
    own, cross = _scored(vectors, codes, [np.zeros(0, np.int64)] * 2, sizes.block)
    return own.scores, cross.scores


@dataclass
class _Kind:
    """The scores of all trials of a kind, in the order of their pairs, and which of them the bootstrap uses."""

    scores: np.ndarray
    kept: np.ndarray
    i: np.ndarray
    j: np.ndarray

    def drawn(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores, ascending, and both sides of the trials that are used."""
        scores = self.scores[self.kept]
        order = np.argsort(scores, kind="stable")
        return scores[order], self.i[order], self.j[order]


def _count(utterances: int) -> int:
    return require_pairs(utterances * (utterances - 1) // 2, MOST)


def _kinds(codes: np.ndarray) -> tuple[int, int]:
    """Numbers of target and of non-target pairs."""
    each = np.bincount(codes).astype(np.int64)
    target = int((each * (each - 1) // 2).sum())
    return target, _count(len(codes)) - target


def _scored(
    vectors: np.ndarray, codes: np.ndarray, kept: Sequence[np.ndarray | None], block: int
) -> tuple[_Kind, _Kind]:
    """Target and non-target trials; `kept` says which of either keep their sides, None for all."""
    unit = unit_vectors(vectors)
    kinds = []
    for count, some in zip(_kinds(codes), kept, strict=True):
        some = np.arange(count) if some is None else some
        sides = (np.empty(len(some), np.int32) for _ in "ij")
        kinds.append(_Kind(np.empty(count, np.float32), some, *sides))
    done = [0, 0]
    rows = max(1, block // max(1, len(codes)))
    for start in range(0, len(codes), rows):
        scores = unit[start : start + rows] @ unit[start:].T
        pair = np.arange(scores.shape[1]) > np.arange(len(scores))[:, None]
        same = codes[start : start + rows, None] == codes[start:]
        for k, (kind, mask) in enumerate(zip(kinds, (pair & same, pair & ~same), strict=True)):
            place = np.flatnonzero(mask)
            kind.scores[done[k] : done[k] + len(place)] = scores.ravel()[place]
            part = slice(*np.searchsorted(kind.kept, [done[k], done[k] + len(place)]))
            i, j = np.divmod(place[kind.kept[part] - done[k]], scores.shape[1])
            kind.i[part], kind.j[part] = start + i, start + j
            done[k] += len(place)
    return kinds[0], kinds[1]
