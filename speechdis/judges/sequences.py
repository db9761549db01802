"""Utterances with known speakers: those an attacker learns from, and those that say which attacker is the strongest.

The informed attacker of the VoicePrivacy challenges has labelled speech, and may learn from it. Test speakers choose
nothing: a development set does, or, where there is none, training speakers that are held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechdis.errors import InputError
from speechdis.features.store import Store
from speechdis.metrics.normal_scores import Kind, of_each
from speechdis.metrics.trials import all_pairs

HELD_OUT, MOST, FEW = 6, 20, 12  # speakers, see `divided`
ENOUGH = 12  # speakers with two utterances, of a development set that chooses; see `learning`
CHECKED = 400  # utterances, at most, that choose


@dataclass(frozen=True)
class Sequences:
    """Utterances with known speakers.

    Attributes:
        frames: (N, D) features or codes, memory-mapped or not.
        first, counts: (U,) first row and number of frames of each utterance.
        speakers: (U,) names.
    """

    frames: np.ndarray
    first: np.ndarray
    counts: np.ndarray
    speakers: np.ndarray

    @classmethod
    def of(cls, frames: np.ndarray, store: Store) -> "Sequences":
        """Sequences (N, D) in the order of a store's frames."""
        return cls(frames, store.first, store.counts, np.asarray(store.spks))

    def normal_scores(self, kind: Kind) -> "Sequences":
        """The same utterances, each whitened and as normal scores (`metrics.normal_scores`)."""
        return Sequences(
            of_each(self.frames, self.first, self.counts, kind), self.first, self.counts, self.speakers
        )

    def __len__(self) -> int:
        """Number of utterances."""
        return len(self.first)

    def __getitem__(self, chosen: np.ndarray) -> "Sequences":
        """Some utterances, by index or mask."""
        return Sequences(self.frames, self.first[chosen], self.counts[chosen], self.speakers[chosen])

    def some(self, most: int, seed: int) -> "Sequences":
        """Up to `most` random utterances, in order."""
        return self if len(self) <= most else self[_some(len(self), most, seed)]

    @property
    def people(self) -> int:
        """Number of speakers."""
        return len(set(self.speakers.tolist()))


def learning(
    train: Sequences, dev: Sequences | None = None, seed: int = 0, label: str = "no attacker"
) -> tuple[Sequences, Sequences]:
    """Those to learn from, and those that choose: of `dev` where it has enough speakers; else some of `train`.

    Raises:
        InputError: speakers or utterances too few to learn an attack, as `lacks` says; `label` begins the message.
    """
    if reason := lacks(train.speakers):
        raise InputError(f"{label}: {reason}")
    if dev is not None and (np.unique(dev.speakers, return_counts=True)[1] > 1).sum() >= ENOUGH:
        return train, dev.some(CHECKED, seed)
    a, b = divided(train.speakers, seed)
    return train[a], train[b]


def divided(speakers: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Utterances to learn from and utterances held out, two index arrays that ascend.

    One speaker in HELD_OUT is held out, MOST at most. Where there are fewer than FEW, every speaker keeps a fifth of
    the utterances back, at least two: a fourth of so few voices would be missed more than it would tell.
    """
    rng = np.random.default_rng(seed)
    names, times = np.unique(speakers, return_counts=True)
    if len(names) >= FEW:
        able = names[times > 1]
        out = np.isin(speakers, rng.permutation(able)[: min(max(len(names) // HELD_OUT, 2), MOST)])
    else:
        out = np.zeros(len(speakers), bool)
        for name in names[times > 3]:
            own = rng.permutation(np.flatnonzero(speakers == name))
            out[own[: max(len(own) // 5, 2)]] = True
    held = np.flatnonzero(out)
    return np.flatnonzero(~out), held[_some(len(held), CHECKED, seed)]


def lacks(speakers: Sequence[str] | np.ndarray) -> str:
    """Why nobody can learn an attack from these speakers (U,); "" where somebody can."""
    speakers = np.asarray(speakers)
    known, unknown = divided(speakers)
    target = all_pairs(speakers[unknown]).target
    if len(set(speakers[known])) > 1 and target.any() and not target.all():
        return ""
    return "needs two training speakers with four utterances each, or more speakers with two"


def _some(count: int, most: int, seed: int) -> np.ndarray:
    """Up to `most` random numbers below `count`, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])
