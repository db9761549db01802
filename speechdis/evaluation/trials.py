"""Trials: which pairs of utterances (or segments) are compared, and how alike they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from speechdis.errors import InputError


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
    """All unordered pairs of different utterances, given each one's speaker (U,)."""
    return segment_pairs(np.arange(len(spks)), spks)


def segment_pairs(utterance: np.ndarray, spks: Sequence[str] | np.ndarray) -> Pairs:
    """All unordered pairs of segments of different utterances.

    Args:
        utterance: (M,) utterance of each segment, ascending.
        spks: (U,) speaker of each utterance.
    """
    codes = np.unique(np.asarray(spks), return_inverse=True)[1].astype(np.int32)[utterance]
    count = len(codes)
    after = np.searchsorted(utterance, utterance, "right")  # the first segment of the next utterance
    i = np.repeat(np.arange(count, dtype=np.int32), count - after)
    j = np.concatenate([np.arange(k, count, dtype=np.int32) for k in after] or [np.zeros(0, np.int32)])
    return Pairs(i, j, codes[i] == codes[j])


def some_segments(utterance: np.ndarray, limit: int = 10, seed: int = 0) -> np.ndarray:
    """Indices, ascending, of up to `limit` random segments of each utterance; `utterance` (M,) is of each."""
    shuffled = np.random.default_rng(seed).permutation(len(utterance))
    grouped = shuffled[np.argsort(utterance[shuffled], kind="stable")]
    owner = utterance[grouped]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    return np.sort(grouped[rank < limit])


def cosine_scores(vectors: np.ndarray, i: np.ndarray, j: np.ndarray, chunk: int = 1 << 16) -> np.ndarray:
    """Cosine of vectors[i] and vectors[j], (N,) float32; 0 where a vector is zero.

    Args:
        vectors: (U, D).
        i, j: (N,) rows.
        chunk: trials at a time, which bounds the memory beside the result.
    """
    vectors = np.asarray(vectors, np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms != 0).astype(np.float32)
    scores = np.empty(len(i), np.float32)
    for start in range(0, len(i), chunk):
        part = slice(start, start + chunk)
        np.einsum("nd,nd->n", unit[i[part]], unit[j[part]], out=scores[part])
    return scores


def speakers(trials: Trials, utt2spk: Mapping[str, str] | None = None) -> np.ndarray:
    """Speaker of each utterance as an integer, (U,).

    Without `utt2spk`: utterances joined by target trials, directly or through others, are one speaker.

    Raises:
        InputError: an utterance without speaker, or a trial whose label contradicts its speakers.
    """
    i, j, target = trials.pairs
    if utt2spk is None:
        codes = _components(len(trials.utts), i[target], j[target])
    else:
        for utt in trials.utts:
            if utt not in utt2spk:
                raise InputError(f"utterance '{utt}' is in the trials, but not in utt2spk")
        codes = np.unique([utt2spk[utt] for utt in trials.utts], return_inverse=True)[1]
    wrong = np.flatnonzero((codes[i] == codes[j]) != target)
    if len(wrong):
        k = wrong[0]
        label, truth = ("target", "different speakers") if target[k] else ("nontarget", "one speaker")
        of = "utt2spk" if utt2spk is not None else "other target trials"
        pair = f"{trials.utts[i[k]]} {trials.utts[j[k]]}"
        raise InputError(f"trial '{pair}' is marked {label}, but by {of} it is of {truth}")
    return codes


def _components(count: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
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
