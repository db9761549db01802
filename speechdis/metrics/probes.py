"""Probes: what a linear map can read from codes (who speaks, which phone, how loud).

A dynamic EER of 50 % is also what an empty code gives; these say whether the words are still there, and how
much of the voice is. All codes are z-normalised with the training part's statistics first.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechdis.data.utterance import Interval
from speechdis.errors import InputError
from speechdis.metrics.moments import moments

MOST = 20_000, 50_000  # to train and to test: more frames cost time and hardly change an accuracy


@dataclass(frozen=True)
class Accuracy:
    """Accuracy of a probe, in [0, 1], beside what it takes to be of note.

    Attributes:
        value: share of the test items labelled right.
        chance: 1 / number of classes.
        majority: share right for the answer that is commonest in training.
        count: number of test items.
    """

    value: float
    chance: float
    majority: float
    count: int


def speaker_probe(vectors: np.ndarray, spks: Sequence[str] | np.ndarray, seed: int = 0) -> Accuracy:
    """Closed-set speaker identification: a random half of each speaker's utterances to train, half to test.

    Args:
        vectors: (U, D), one an utterance.
        spks: (U,) speaker of each; those with a single utterance are left out.
        seed: draws the halves.

    Raises:
        InputError: fewer than two speakers with two utterances.
    """
    spks = np.asarray(spks)
    rng = np.random.default_rng(seed)
    train, test = [], []
    for spk in np.unique(spks):
        own = rng.permutation(np.flatnonzero(spks == spk))
        if len(own) > 1:
            train.append(own[: (len(own) + 1) // 2])
            test.append(own[(len(own) + 1) // 2 :])
    if len(train) < 2:
        raise InputError("a speaker probe needs two speakers with two utterances each")
    first, second = np.concatenate(train), np.concatenate(test)
    return _classify(vectors[first], spks[first], vectors[second], spks[second])


def phone_probe(
    train_frames: np.ndarray,
    train_labels: np.ndarray,
    test_frames: np.ndarray,
    test_labels: np.ndarray,
    seed: int = 0,
    most: tuple[int, int] = MOST,
) -> Accuracy:
    """Phone of single frames; train and test should be of different speakers.

    Args:
        train_frames, test_frames: (N, D) codes.
        train_labels, test_labels: (N,) str, see `frame_labels`; frames labelled "" are left out.
        seed: draws the frames.
        most: frames to train and to test with; of more, so many are drawn.

    Raises:
        InputError: fewer than two phones to train, or nothing to test.
    """
    rng = np.random.default_rng(seed)
    train, test = _labelled(train_labels, most[0], rng), _labelled(test_labels, most[1], rng)
    if len(np.unique(train_labels[train])) < 2 or not len(test):
        raise InputError("a phone probe needs frames of two phones to train and labelled frames to test")
    return _classify(train_frames[train], train_labels[train], test_frames[test], test_labels[test])


def frame_labels(
    intervals: Sequence[Interval], count: int, hop: float = 0.010, window: float = 0.025
) -> np.ndarray:
    """Label at the centre of each of `count` frames, (count,) str; "" where no interval is.

    Args:
        intervals: ascending and not overlapping.
        count: number of frames; frame t covers [t hop, t hop + window).
        hop, window: seconds.
    """
    centre = np.arange(count) * hop + window / 2
    if not intervals:
        return np.full(count, "")
    starts, ends, labels = (np.array(column) for column in zip(*intervals, strict=True))
    place = np.searchsorted(starts, centre, "right") - 1
    return np.where((place >= 0) & (centre < ends[place]), labels[place], "")


def log_energy(frames: np.ndarray) -> np.ndarray:
    """Natural log of the summed energy of frames of log powers (N, F), (N,)."""
    return np.logaddexp.reduce(frames, axis=-1)


def energy_probe(
    train_frames: np.ndarray,
    train_energy: np.ndarray,
    test_frames: np.ndarray,
    test_energy: np.ndarray,
    penalty: float = 1.0,
) -> float:
    """Share of the variance (R2, at most 1) of a frame's log energy that ridge regression finds in its code.

    Args:
        train_frames, test_frames: (N, D) codes, of different speakers.
        train_energy, test_energy: (N,), such as `log_energy` of the features.
        penalty: weight of the squared coefficients, of z-normalised codes, beside the summed squared error.
    """
    mean, std = moments(train_frames)
    x = (train_frames - mean) / std
    level = train_energy.mean(dtype=np.float64)
    weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (train_energy - level))
    wrong = test_energy - level - ((test_frames - mean) / std) @ weights
    return float(1 - np.square(wrong).mean() / np.var(test_energy, dtype=np.float64))


def leakage_gap(
    speaker_static: Accuracy, speaker_dynamic: Accuracy, phone_static: Accuracy, phone_dynamic: Accuracy
) -> float:
    """How well the two codes divide the labour, at most 2: (spk(s) - spk(z)) + (phn(z) - phn(s)), each over
    1 - chance. 0 where both codes hold the same."""
    voice = (speaker_static.value - speaker_dynamic.value) / (1 - speaker_static.chance)
    words = (phone_dynamic.value - phone_static.value) / (1 - phone_static.chance)
    return voice + words


def _classify(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> Accuracy:
    """Multinomial logistic regression (L2, C = 1)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, std = moments(train)
    model = LogisticRegression(max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # by then the accuracy stands still
        model.fit((train - mean) / std, train_labels)
    names, times = np.unique(train_labels, return_counts=True)
    return Accuracy(
        value=float((model.predict((test - mean) / std) == test_labels).mean()),
        chance=1 / len(names),
        majority=float((test_labels == names[times.argmax()]).mean()),
        count=len(test_labels),
    )


def _labelled(labels: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Up to `limit` random indices, ascending, of labels that are not ""."""
    index = np.flatnonzero(labels != "")
    return index if len(index) <= limit else np.sort(rng.choice(index, limit, replace=False))
