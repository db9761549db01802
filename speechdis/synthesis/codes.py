"""Recordings of any length to codes and back: overlapping segments, read alone and cross-faded when decoded.

A model knows segments of one length. They are laid over a recording so that each covers half of the next, at least;
what is decoded of them is averaged with triangular weights, so that no segment begins or ends abruptly.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from speechdis.errors import InputError
from speechdis.training.checkpoint import Checkpoint

BATCH = 512  # segments at a time, whatever the length of the recording


class Codes(NamedTuple):
    """Posterior means of the M segments of one recording of `frames` frames, beginning at frames `starts` (M,)."""

    static: Tensor  # (M, S)
    dynamic: Tensor  # (M, T, Z)
    starts: np.ndarray
    frames: int


def starts_of(frames: int, segment: int) -> np.ndarray:
    """First frames of whole segments, each at most half a segment after the one before, the last ending at the end."""
    count = 1 + max(0, -(-(frames - segment) // max(1, segment // 2)))
    return np.linspace(0, max(0, frames - segment), count).round().astype(np.int64)


def check(checkpoint: Checkpoint) -> None:
    """Raises InputError for a model that has no static and dynamic factors."""
    if not hasattr(checkpoint.model, "embed") or getattr(checkpoint.model, "autoregressive", False):
        raise InputError(f"a '{checkpoint.name}' has no static and dynamic factors to swap")


@torch.no_grad()
def encode(checkpoint: Checkpoint, frames: np.ndarray, empty: np.ndarray | None = None) -> Codes:
    """Codes of log frames (T, F), T >= 1; a recording shorter than a segment is one short segment.

    Bins that are `empty` (F,) are read as at their mean: no model has learnt what silence there means.

    Raises:
        InputError: as `check`.
    """
    check(checkpoint)
    device = next(checkpoint.model.parameters()).device
    count, segment = len(frames), checkpoint.segment
    starts = starts_of(count, segment)
    x = np.zeros((max(count, segment), frames.shape[1]), np.float32)
    x[:count] = (frames - checkpoint.mean) / checkpoint.std
    if empty is not None:
        x[:, empty] = 0
    pieces = torch.from_numpy(x).unfold(0, segment, 1)[torch.from_numpy(starts)].transpose(1, 2)
    lengths = _lengths(checkpoint, count, device)
    codes = [checkpoint.model.embed(part.to(device), lengths) for part in pieces.split(BATCH)]
    return Codes(torch.cat([s for s, _ in codes]), torch.cat([z for _, z in codes]), starts, count)


def _lengths(checkpoint: Checkpoint, frames: int, device: torch.device) -> Tensor | None:
    """Frames of the one segment of a recording shorter than one, (1,); None where all are whole."""
    return torch.tensor([frames], device=device) if frames < checkpoint.segment else None


@torch.no_grad()
def decode(checkpoint: Checkpoint, static: Tensor, codes: Codes) -> np.ndarray:
    """Log frames (T, F) of `codes`, cross-faded, with `static` (M, S) in place of their own static vectors."""
    parts = zip(static.split(BATCH), codes.dynamic.split(BATCH), strict=True)
    lengths = _lengths(checkpoint, codes.frames, static.device)
    means = np.concatenate([checkpoint.model.decode(s, z, lengths).mean.cpu().numpy() for s, z in parts])
    ramp = np.arange(1, checkpoint.segment + 1, dtype=np.float32)
    weight = np.minimum(ramp, ramp[::-1])[:, None]
    total = np.zeros((max(codes.frames, checkpoint.segment), means.shape[-1]), np.float32)
    norm = np.zeros((len(total), 1), np.float32)
    for start, mean in zip(codes.starts, means, strict=True):
        total[start : start + checkpoint.segment] += weight * mean
        norm[start : start + checkpoint.segment] += weight
    return (total / norm)[: codes.frames] * checkpoint.std + checkpoint.mean


def lent(checkpoint: Checkpoint, own: Tensor, voice: Tensor) -> Tensor:
    """Static vectors (M, S) that say segments with `own` (M, S) in the voice of other segments `voice` (M', S).

    Their mean, but where the model knows better (`transfer`).
    """
    model = checkpoint.model
    return model.transfer(own, voice) if hasattr(model, "transfer") else voice.mean(0).expand_as(own)
