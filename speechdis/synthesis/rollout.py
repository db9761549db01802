"""What a sequence model (VRNN) says: frames expected from the true past, and frames made from its own.

Waveform steps are the sound themselves; spectra become sound by Griffin-Lim.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechdis.models.base import SequenceModel
from speechdis.synthesis.vocoders.griffin_lim import griffin_lim
from speechdis.training.checkpoint import Checkpoint


def check(checkpoint: Checkpoint) -> SequenceModel:
    """The model. Raises InputError for one that does not feed its own frames back."""
    return checkpoint.model_of(SequenceModel, "does not go on from its own frames; vrnn and avrnn do")


@torch.no_grad()
def teacher_forced(checkpoint: Checkpoint, frames: np.ndarray) -> np.ndarray:
    """Expected frames (T, F) of a recording (T, F), each given the true ones before it and the posterior's z."""
    return _raw(checkpoint, check(checkpoint).reconstruct(_normalised(checkpoint, frames)))[0]


@torch.no_grad()
def free_running(
    checkpoint: Checkpoint,
    frames: int,
    count: int,
    generator: torch.Generator,
    prompt: np.ndarray | None = None,
) -> np.ndarray:
    """`count` times new frames, (count, frames, F), each drawn given those before it, which begin with `prompt` (T, F).

    The prompt is not in what is returned.
    """
    before = None if prompt is None else _normalised(checkpoint, prompt).expand(count, -1, -1)
    return _raw(checkpoint, check(checkpoint).generate(count, frames, generator, before))


def sound(frames: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Waveform (n,) float32 in [-1, 1] of frames (T, F) of a store with these settings."""
    if settings["type"] == "waveform":
        return np.clip(frames.ravel(), -1, 1).astype(np.float32)
    return np.asarray(griffin_lim(frames, settings), np.float32)


def _normalised(checkpoint: Checkpoint, frames: np.ndarray) -> Tensor:
    x = ((frames - checkpoint.mean) / checkpoint.std).astype(np.float32)
    return torch.from_numpy(x)[None].to(next(checkpoint.model.parameters()).device)


def _raw(checkpoint: Checkpoint, x: Tensor) -> np.ndarray:
    return x.cpu().numpy() * checkpoint.std + checkpoint.mean
