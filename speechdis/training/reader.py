"""Segments read from frames: cut, normalised, zero past their ends. Training, embeddings, bounds and swaps read so."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Cut(NamedTuple):
    """Some segments.

    Attributes:
        x: (B, T, F), normalised; zero past a segment's end.
        real: (B, T, 1), what is not past it.
        lengths: (B,) frames of each; None where all have T.
    """

    x: Tensor
    real: Tensor
    lengths: Tensor | None


class SegmentReader:
    """Reads segments of frames.

    Args:
        frames: (N, F), on the device where segments are wanted; of any precision, what is read is float32.
        mean, std: (F,), of the training set.
    """

    def __init__(self, frames: Tensor, mean: np.ndarray | Tensor, std: np.ndarray | Tensor) -> None:
        self.frames = frames
        self.mean, self.std = (torch.as_tensor(s, device=frames.device) for s in (mean, std))

    def raw(self, starts: Tensor, length: int) -> Tensor:
        """Frames as they are of segments that begin at rows `starts` (B,): (B, length, F)."""
        offsets = torch.arange(length, device=self.frames.device)
        return self.frames[starts[:, None] + offsets].float()

    def normalised(self, raw: Tensor) -> Tensor:
        """Frames (..., F) minus the mean, over the standard deviation; or the first of their columns."""
        columns = raw.shape[-1]
        return (raw - self.mean[:columns]) / self.std[:columns]

    def read(self, starts: np.ndarray, lengths: np.ndarray, length: int) -> Cut:
        """Segments of `lengths` (B,) frames, `length` at most, from rows `starts` (B,)."""
        device = self.frames.device
        size = torch.as_tensor(lengths, device=device)
        offsets = torch.arange(length, device=device)
        rows = torch.as_tensor(starts, device=device)[:, None] + offsets  # (B, T)
        real = (offsets < size[:, None])[..., None]  # (B, T, 1)
        raw = self.frames[rows.clamp(max=len(self.frames) - 1)]  # (B, T, F)
        return Cut(self.normalised(raw) * real, real, None if bool((lengths == length).all()) else size)

    def in_turn(self, starts: np.ndarray, lengths: np.ndarray, batch: int) -> Iterator[Cut]:
        """`read` of M segments, some `batch` frames at a time; T is the length of the longest of them."""
        count = max(1, batch // int(lengths.max()))
        for k in range(0, len(starts), count):
            part = lengths[k : k + count]
            yield self.read(starts[k : k + count], part, int(part.max()))
