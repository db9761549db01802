"""Trials: which pairs of utterances (or segments) are compared, and how alike they are."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from speechdis.errors import InputError
from speechdis.metrics.names import match_names

MOST_LISTED = 250_000_000  # trials of a list in memory, 9 bytes each
MOST_SEGMENTS = 14_000  # their pairs make 10^8 trials


class Pairs(NamedTuple):
    """N trials between things numbered from 0: `i` and `j` (N,) int32, and `target` (N,) bool."""

    i: np.ndarray
    j: np.ndarray
    target: np.ndarray


@dataclass(frozen=True)
class Trials:
    """Trials with the ids of their U utterances; `pairs` counts into `utts`, which is empty where unknown."""

    utts: tuple[str, ...]
    pairs: Pairs


def all_pairs(spks: Sequence[str] | np.ndarray) -> Pairs:
    """All unordered pairs of different utterances, given each one's speaker (U,).

    >>> pairs = all_pairs(["ann", "ann", "bob"])
    >>> list(zip(pairs.i.tolist(), pairs.j.tolist(), pairs.target.tolist()))
    [(0, 1, True), (0, 2, False), (1, 2, False)]
    """
    return segment_pairs(np.arange(len(spks)), spks)


def segment_pairs(utterance: np.ndarray, spks: Sequence[str] | np.ndarray) -> Pairs:
    """All unordered pairs of segments of different utterances.

    Args:
        utterance: (M,) utterance of each segment, ascending.
        spks: (U,) speaker of each utterance.
    """
    codes = np.unique(np.asarray(spks), return_inverse=True)[1].astype(np.int32)[utterance]
    after = np.searchsorted(utterance, utterance, "right")  # the first segment of the next utterance
    ends = np.cumsum(len(codes) - after)
    total = require_pairs(int(ends[-1]) if len(ends) else 0, MOST_LISTED)
    i, j, target = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total, bool)
    for k, (first, end) in enumerate(zip(after, ends, strict=True)):
        part = slice(end - len(codes) + first, end)
        i[part], j[part], target[part] = k, np.arange(first, len(codes)), codes[first:] == codes[k]
    return Pairs(i, j, target)


def require_pairs(count: int, most: int) -> int:
    """`count`, if so many trials can be held. Raises InputError if not."""
    if count > most:
        raise InputError(
            f"{count:,} trials are more than the {most:,} that fit here; keep fewer utterances (n of them make "
            "n (n - 1) / 2 trials)"
        )
    return count


def some_segments(
    utterance: np.ndarray, limit: int = 10, seed: int = 0, most: int = MOST_SEGMENTS
) -> np.ndarray:
    """Indices, ascending, of up to `limit` random segments of each utterance; `utterance` (M,) is of each.

    Of more than `most` segments in all, that many random ones.
    """
    shuffled = np.random.default_rng(seed).permutation(len(utterance))
    grouped = shuffled[np.argsort(utterance[shuffled], kind="stable")]
    owner = utterance[grouped]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = np.sort(grouped[rank < limit])
    if len(kept) > most:
        logging.getLogger(__name__).info("segments are compared of a random %d of %d", most, len(kept))
        kept = np.sort(np.random.default_rng(seed).choice(kept, most, replace=False))
    return kept


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Vectors (U, D) divided by their lengths, float32; 0 where one is zero."""
    vectors = np.asarray(vectors, np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms != 0).astype(np.float32)


def cosine_scores(vectors: np.ndarray, i: np.ndarray, j: np.ndarray, chunk: int = 1 << 16) -> np.ndarray:
    """Cosine of vectors[i] and vectors[j], (N,) float32; 0 where a vector is zero.

    Args:
        vectors: (U, D).
        i, j: (N,) rows.
        chunk: trials at a time, which bounds the memory beside the result.

    >>> vectors = np.array([[1.0, 0], [2, 0], [0, 3]])
    >>> cosine_scores(vectors, np.array([0, 0]), np.array([1, 2])).tolist()
    [1.0, 0.0]
    """
    unit = unit_vectors(vectors)
    scores = np.empty(len(i), np.float32)
    for start in range(0, len(i), chunk):
        part = slice(start, start + chunk)
        np.einsum("nd,nd->n", unit[i[part]], unit[j[part]], out=scores[part])
    return scores


def speakers_of(utts: Sequence[str], utt2spk: Mapping[str, str]) -> list[str]:
    """The speaker of each utterance, whose name may differ by suffix or folder; InputError if one has none."""
    missing, known = [utt for utt in utts if utt not in utt2spk], set(utts)
    names = match_names(missing, [utt for utt in utt2spk if utt not in known]) if missing else {}
    if missing and not names:
        raise InputError(f"utterance '{missing[0]}' is in the trials, but not in utt2spk")
    return [utt2spk[names.get(utt, utt)] for utt in utts]


class NoSpeakers(InputError):
    """It cannot be said who speaks in each trial, and why: the error rate has no interval."""


def speakers(trials: Trials, utt2spk: Mapping[str, str] | None = None) -> np.ndarray:
    """Speaker of each utterance as an integer, (U,).

    Without `utt2spk`: utterances joined by target trials, directly or through others, are one speaker.

    Raises:
        InputError: an utterance without speaker.
        NoSpeakers: labels contradict the speakers, or a trial is one utterance and no pair.
    """
    i, j, target = trials.pairs
    if np.array_equal(i, j):
        raise NoSpeakers("each trial is one utterance, not a pair of them")
    if utt2spk is None:
        codes = components(len(trials.utts), i[target], j[target])
    else:
        codes = np.unique(speakers_of(trials.utts, utt2spk), return_inverse=True)[1]
    wrong = np.flatnonzero((codes[i] == codes[j]) != target)
    if len(wrong):
        k = wrong[0]
        told = "utt2spk" if utt2spk is not None else "other target trials"
        raise contradiction(len(wrong), f"{trials.utts[i[k]]} {trials.utts[j[k]]}", bool(target[k]), told)
    return codes


def contradiction(count: int, pair: str, target: bool, told: str) -> NoSpeakers:
    """What to say where `count` labels contradict the speakers; of one `pair`, its label and who `told` otherwise."""
    label, truth = ("target", "different speakers") if target else ("nontarget", "one speaker")
    return NoSpeakers(
        f"the labels of {count:,} trials contradict the speakers, as where a recording has several: "
        f"'{pair}' is marked {label}, but by {told} it is of {truth}"
    )


def ascending(i: np.ndarray, j: np.ndarray) -> bool:
    """Whether the pairs (N,) stand in order and none twice."""
    return bool(((i[1:] > i[:-1]) | ((i[1:] == i[:-1]) & (j[1:] > j[:-1]))).all())


def in_order(trials: Trials, scores: np.ndarray) -> tuple[Trials, np.ndarray]:
    """The same trials and scores (N,), sorted by the ids of the pair: what is drawn of them at random does not
    depend on the order of a file."""
    i, j, target = trials.pairs
    names = np.array(sorted(range(len(trials.utts)), key=trials.utts.__getitem__), np.int32)
    rank = np.empty_like(names)
    rank[names] = np.arange(len(names), dtype=np.int32)
    utts = tuple(trials.utts[k] for k in names)
    i, j = rank[i], rank[j]
    if not ascending(i, j):
        order = np.lexsort((scores, j, i))
        i, j, target, scores = i[order], j[order], target[order], scores[order]
    return Trials(utts, Pairs(i, j, target)), scores


def components(count: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Smallest member of each thing's connected component, (count,), in a graph with edges i - j."""
    label = np.arange(count)
    while (apart := label[i] != label[j]).any():
        i, j = i[apart], j[apart]
        least = np.minimum(label[i], label[j])
        np.minimum.at(label, label[i], least)  # roots hang on a smaller root
        np.minimum.at(label, label[j], least)
        while (label != label[label]).any():  # everything hangs on its root
            label = label[label]
    return label
