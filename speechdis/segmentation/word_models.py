"""Whole-word hidden Markov models: every word is STATES states from left to right, silence is one.

A state emits a Gaussian with a diagonal covariance and is left with a constant probability, so that its length
is geometric. All models are one table of distributions; a transcript, a free string of words and the
competitors of one word are networks over it (`viterbi.Network`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from speechdis.segmentation.viterbi import Network, network

STATES = 10
"""States of a word: at 10 ms a frame no word is shorter than 0.1 s."""
_PAUSE = 0.5  # probability of silence between two words


@dataclass(frozen=True, eq=False)
class WordModels:
    """W words and silence: G = W STATES + 1 distributions, those of word w from w STATES on, silence last.

    Attributes:
        words: their names, sorted.
        mean, var: (G, D) of each distribution.
        stay: (G,) probability that the next frame is of the same state.
    """

    words: tuple[str, ...]
    mean: np.ndarray
    var: np.ndarray
    stay: np.ndarray

    @property
    def silence(self) -> int:
        """The distribution of silence."""
        return len(self.words) * STATES

    def loglik(self, x: np.ndarray) -> np.ndarray:
        """(T, G) log likelihood of frames (T, D) under every distribution."""
        constant = np.log(2 * np.pi * self.var).sum(1) + (self.mean**2 / self.var).sum(1)
        return -0.5 * (np.square(x) @ (1 / self.var).T - 2 * x @ (self.mean / self.var).T + constant)

    def transcript(self, words: Sequence[str]) -> Network:
        """The words one after the other, with silence before, after and between them where there is any.

        Its states are silence, the STATES of the first word, silence, ..., silence.
        """
        emits = [self.silence]
        for word in words:
            first = self.words.index(word) * STATES
            emits += [*range(first, first + STATES), self.silence]
        arcs = self._steps(emits)
        for end in range(STATES, len(emits) - 2, STATES + 1):  # over the silence between two words
            leave = log(1 - self.stay[emits[end]])
            arcs[end, end + 1] = leave + log(_PAUSE)
            arcs[end, end + 2] = leave + log(1 - _PAUSE)
        last = len(emits) - 1
        return network(emits, arcs, first={0: 0.0, 1: 0.0}, last={last - 1: 0.0, last: 0.0})

    def competitors(self) -> Network:
        """Any one word or silence alone; state and distribution have the same number."""
        ends = [*range(STATES - 1, self.silence, STATES), self.silence]
        starts = [*range(0, self.silence, STATES), self.silence]
        arcs = {
            k: w
            for k, w in self._steps(range(self.silence + 1)).items()
            if k[1] not in starts or k[0] == k[1]
        }
        return network(
            range(self.silence + 1), arcs, first=dict.fromkeys(starts, 0.0), last=dict.fromkeys(ends, 0.0)
        )

    def any_words(self) -> Network:
        """Any words in any order and number, with or without silences between; numbered as `competitors`."""
        starts, ends = range(0, self.silence, STATES), range(STATES - 1, self.silence, STATES)
        each = -log(len(self.words))
        arcs = {k: w for k, w in self._steps(range(self.silence + 1)).items() if k[1] not in starts}
        arcs |= {(start, start): log(self.stay[start]) for start in starts}
        for end in ends:
            leave = log(1 - self.stay[end])
            arcs |= {(end, start): leave + log(1 - _PAUSE) + each for start in starts}
            arcs[end, self.silence] = leave + log(_PAUSE)
        leave = log(1 - self.stay[self.silence])
        arcs |= {(self.silence, start): leave + each for start in starts}
        first = dict.fromkeys(starts, each) | {self.silence: 0.0}
        last = dict.fromkeys([*ends, self.silence], 0.0)
        return network(range(self.silence + 1), arcs, first, last)

    def _steps(self, emits: Iterable[int]) -> dict[tuple[int, int], float]:
        """Arcs that stay in a state, and that go on to the next one."""
        stay = [float(self.stay[g]) for g in emits]
        arcs = {(n, n): log(p) for n, p in enumerate(stay)}
        return arcs | {(n, n + 1): log(1 - p) for n, p in enumerate(stay[:-1])}


@dataclass
class Statistics:
    """Sums over the frames that fell to each of G distributions of D dimensions."""

    frames: np.ndarray
    visits: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    @classmethod
    def zero(cls, count: int, size: int) -> "Statistics":
        """Nothing seen yet."""
        return cls(np.zeros(count), np.zeros(count), np.zeros((count, size)), np.zeros((count, size)))

    def add(self, x: np.ndarray, states: np.ndarray, emits: np.ndarray) -> None:
        """Frames (T, D) of one recording, the states (T,) they came from, and what each state emits."""
        emitted = emits[states]
        entered = np.concatenate([[True], states[1:] != states[:-1]])
        np.add.at(self.frames, emitted, 1)
        np.add.at(self.visits, emitted[entered], 1)
        np.add.at(self.total, emitted, x)
        np.add.at(self.squares, emitted, np.square(x, dtype=np.float64))

    def models(self, words: tuple[str, ...], floor: np.ndarray) -> WordModels:
        """The most likely models; `floor` (D,) is the least variance."""
        seen = np.maximum(self.frames, 1)[:, None]
        mean = self.total / seen
        var = np.maximum(self.squares / seen - mean**2, floor)
        stay = np.clip(1 - self.visits / seen[:, 0], 0.01, 0.99)  # a geometric length has mean 1 / (1 - stay)
        return WordModels(words, mean, var, stay)
