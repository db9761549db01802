"""Whole segments of a set of utterances, found by number: what is held grows with utterances, not with frames."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError


@dataclass(frozen=True)
class Segments:
    """The whole segments of U utterances: at every position ("positions"), or one after the other ("tiles").

    Positions, and tiles, are numbered utterance by utterance.

    Attributes:
        length: frames of a segment.
        first: row of each utterance's first frame, (U,).
        positions, tiles: how many each utterance has, (U,).
        position_ends, tile_ends: running sums of them, (U,).
        total_positions, total_tiles: of all utterances.
    """

    length: int
    first: Tensor
    positions: Tensor
    tiles: Tensor
    position_ends: Tensor
    tile_ends: Tensor
    total_positions: int
    total_tiles: int

    @classmethod
    def of(cls, first: np.ndarray, counts: np.ndarray, length: int, device: torch.device) -> "Segments":
        """Of utterances that begin at rows `first` (U,) and have `counts` (U,) frames, `length` or more each."""
        positions, tiles = counts - length + 1, counts // length
        arrays = (first, positions, tiles, positions.cumsum(), tiles.cumsum())
        a, b, c, d, e = (torch.as_tensor(array, device=device) for array in arrays)
        return cls(length, a, b, c, d, e, int(positions.sum()), int(tiles.sum()))

    def position(self, number: Tensor) -> tuple[Tensor, Tensor]:
        """First row and utterance of the positions of these numbers (B,)."""
        utterance = torch.searchsorted(self.position_ends, number, right=True)
        within = number - self.position_ends[utterance] + self.positions[utterance]
        return self.first[utterance] + within, utterance

    def elsewhere(self, starts: Tensor, utterance: Tensor, spread: Tensor) -> Tensor:
        """First rows of other segments of the same utterances, (B,), which do not overlap those that begin at `starts`.

        In an utterance too short for that: the segment at the end that is further away.

        Args:
            starts, utterance: (B,), as of `position`.
            spread: uniform in [0, 1), (B,).
        """
        first, positions = self.first[utterance], self.positions[utterance]
        within = starts - first
        before = (within - self.length + 1).clamp_min(0)
        after = (positions - within - self.length).clamp_min(0)
        drawn = (spread * (before + after)).long()
        free = torch.where(drawn < before, drawn, within + self.length + drawn - before)
        furthest = torch.where(2 * within < positions, positions - 1, 0)
        return first + torch.where(before + after > 0, free, furthest)

    def tile(self, number: Tensor) -> tuple[Tensor, Tensor]:
        """First row and utterance of the tiles of these numbers (B,)."""
        utterance = torch.searchsorted(self.tile_ends, number, right=True)
        within = number - self.tile_ends[utterance] + self.tiles[utterance]
        return self.first[utterance] + self.length * within, utterance


def pool(utterances: int, size: int, number: int, seed: int) -> np.ndarray:
    """Which of `utterances` the pass `number` draws from, (size,), distinct, ascending: hierarchical sampling.

    Hsu & Glass (2018) draw every pass anew; here ceil(utterances / size) passes in a row cut one random order of all
    utterances, so that none is left out; the last of them is filled up from the order's beginning.
    """
    passes = math.ceil(utterances / size)
    order = np.random.default_rng([seed, number // passes]).permutation(utterances)
    return np.sort(order.take(number % passes * size + np.arange(size), mode="wrap"))


def part(counts: np.ndarray, parts: int, number: int, seed: int) -> np.ndarray:
    """Which utterances of `counts` (U,) frames the pool `number` holds, distinct, in random order.

    `parts` pools in a row cut one random order of all utterances at equal numbers of frames: none is left out, and
    each holds at most sum(counts) / parts + max(counts) frames.
    """
    order = np.random.default_rng([seed, number // parts]).permutation(len(counts))
    before = counts[order].cumsum() - counts[order]
    return order[before * parts // counts.sum() == number % parts]


def strata(total: int, size: int, generator: torch.Generator) -> Tensor:
    """(size,) random numbers in [0, total): one from each of `size` equal parts, in turn.

    So a consecutive share of them is from the same share of what they number, whatever the size of the share.
    """
    edges = torch.arange(size + 1, device=generator.device) * total // size
    spread = torch.rand(size, dtype=torch.float64, generator=generator, device=generator.device)
    return edges[:-1] + (spread * edges.diff()).long()


def reached(counts: np.ndarray, shares: int, share: int) -> np.ndarray:
    """Which utterances, of `counts` (U,) numbers each in turn, the `share` of `shares` of `strata` may be of: (U,)."""
    ends, total = counts.cumsum(), int(counts.sum())
    low, high = share * total // shares, (share + 1) * total // shares
    return (counts > 0) & (ends > low) & (ends - counts <= high)


def holding(counts: np.ndarray, length: int, store: Path) -> np.ndarray:
    """Numbers of the utterances of `store` that hold a whole segment, by their `counts` (U,) of frames.

    Raises:
        InputError: none does.
    """
    whole = np.flatnonzero(counts >= length)
    if not len(whole):
        raise InputError(f"{store}: no utterance holds a segment of {length} frames; lower training.segment")
    return whole
