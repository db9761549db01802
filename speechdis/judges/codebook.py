"""How a speaker says each sound: a codebook of frames, and where an utterance's frames lie about each of its entries.

The supervector of speaker verification (Reynolds et al. 2000; Campbell et al. 2006), of a mixture with one shared
variance. Each entry is some sound of the corpus, found without labels. An utterance is described by the mean of its
frames about every entry, drawn to zero where it has few of them, and by how often each occurs. Words differ between
utterances; how a given sound is said stays with the speaker.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from speechdis.metrics.moments import moments

RELEVANCE = 4.0  # frames of an entry that weigh as much as the codebook
ROUNDS, LEARNT = 15, 60_000  # of k-means, and the frames it learns from at most
PIECE = 8192  # frames whose shares are computed at a time


@dataclass(frozen=True)
class Codebook:
    """Entries (K, D) of frames, each seen with those `offsets` away, whitened by `mean` and `axes`; see `learn`."""

    offsets: tuple[int, ...]
    mean: Tensor
    axes: Tensor
    entries: Tensor
    variance: float

    @classmethod
    def learn(
        cls,
        frames: np.ndarray,
        first: np.ndarray,
        counts: np.ndarray,
        size: int,
        offsets: tuple[int, ...] = (0,),
        dimensions: int = 24,
        seed: int = 0,
    ) -> "Codebook":
        """Learn from frames (N, F) of utterances with `counts` (U,) frames from row `first` (U,) on.

        Args:
            size: entries, at most as many as frames.
            offsets: frames that are seen together.
            dimensions: that are left of them, at most.
            seed: draws frames and first entries.
        """
        rng = np.random.default_rng(seed)
        some = rng.permutation(len(first))[: max(1, int(LEARNT / counts.mean()))]
        seen = np.concatenate([_context(x, offsets) for x in _each(frames, first[some], counts[some])])
        mean, std = moments(seen)
        values, vectors = np.linalg.eigh(np.cov((seen - mean) / std, rowvar=False).reshape(seen.shape[1], -1))
        kept = np.flatnonzero(values > 1e-6 * values[-1])[-dimensions:]
        axes = torch.as_tensor(vectors[:, kept] / np.sqrt(values[kept]) / std[:, None], dtype=torch.float32)
        centre = torch.as_tensor(mean, dtype=torch.float32)
        y = (torch.from_numpy(seen) - centre) @ axes
        entries = y[torch.from_numpy(rng.permutation(len(y))[:size])]
        for _ in range(ROUNDS):
            nearest = (y @ entries.T - entries.square().sum(1) / 2).argmax(1)
            times = torch.bincount(nearest, minlength=len(entries)).clamp(min=1)
            entries = torch.zeros_like(entries).index_add(0, nearest, y) / times[:, None]
        variance = max(float((y - entries[nearest]).square().mean()), 1e-6)
        return cls(offsets, centre, axes, entries, variance)

    def measure(self, frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """What describes each utterance, (U, K D + K); arguments as of `learn`."""
        return np.stack([self._describe(x) for x in _each(frames, first, counts)])

    def _describe(self, x: np.ndarray) -> np.ndarray:
        y = (torch.from_numpy(_context(x, self.offsets)) - self.mean) @ self.axes  # (T, D)
        times, sums = torch.zeros(len(self.entries)), torch.zeros_like(self.entries)
        for part in y.split(PIECE):
            logits = part @ self.entries.T - self.entries.square().sum(1) / 2
            shares = torch.softmax(logits / self.variance, 1)
            times, sums = times + shares.sum(0), sums + shares.T @ part
        about = (sums - times[:, None] * self.entries) / (times[:, None] + RELEVANCE)
        return torch.cat([about.flatten(), (times / len(y)).sqrt()]).numpy()


def _each(frames: np.ndarray, first: np.ndarray, counts: np.ndarray) -> Iterator[np.ndarray]:
    for begin, count in zip(first.tolist(), counts.tolist(), strict=True):
        yield np.asarray(frames[begin : begin + count], np.float32)


def _context(x: np.ndarray, offsets: tuple[int, ...]) -> np.ndarray:
    """Every frame of (T, F) beside those `offsets` away, the outermost repeated, (T, F times offsets)."""
    at = np.arange(len(x))
    return np.concatenate([x[np.clip(at + k, 0, len(x) - 1)] for k in offsets], axis=1)
